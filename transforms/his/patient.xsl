<?xml version="1.0" encoding="UTF-8"?>
<!-- A patient's demographics, from an order (PATPatientInfo) or a registration (PatientRegistryRt). -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:import href="common.xsl"/>
  <xsl:output method="xml" encoding="UTF-8" omit-xml-declaration="yes"/>
  <xsl:template match="/run">
    <xsl:variable name="patient" select="(body//PATPatientInfo | body//PatientRegistryRt)[1]"/>
    <patient>
      <xsl:call-template name="filled">
        <xsl:with-param name="name">number</xsl:with-param>
        <xsl:with-param name="value" select="$patient/PATPatientID"/>
      </xsl:call-template>
      <xsl:call-template name="filled">
        <xsl:with-param name="name">name</xsl:with-param>
        <xsl:with-param name="value" select="$patient/PATName"/>
      </xsl:call-template>
      <birth_date>
        <xsl:call-template name="date"><xsl:with-param name="given" select="$patient/PATDob"/></xsl:call-template>
      </birth_date>
      <sex>
        <xsl:call-template name="sex">
          <xsl:with-param name="code" select="$patient/PATSexCode"/>
          <xsl:with-param name="description" select="$patient/PATSexDesc"/>
        </xsl:call-template>
      </sex>
      <identity_number><xsl:value-of select="normalize-space($patient/PATIdentityNum)"/></identity_number>
      <telephone><xsl:value-of select="normalize-space($patient/PATTelephone)"/></telephone>
      <visit><xsl:value-of select="normalize-space(body//PAADMVisitNumber[1])"/></visit>
    </patient>
  </xsl:template>
</xsl:stylesheet>
