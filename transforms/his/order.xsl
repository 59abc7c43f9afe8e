<?xml version="1.0" encoding="UTF-8"?>
<!--
  One order item, from either layout. What layout B does not carry of the patient comes from the value `patient`
  (the answer of records.find_patient).
-->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:import href="common.xsl"/>
  <xsl:import href="site.xsl"/>
  <xsl:output method="xml" encoding="UTF-8" omit-xml-declaration="yes"/>
  <xsl:template match="/run">
    <xsl:variable name="item" select="(body//OrderList[not(Order)] | body//OrderList/Order)[1]"/>
    <xsl:variable name="bill" select="$item/ancestor::AddRisAppBillRt"/>
    <xsl:variable name="info" select="body//PATPatientInfo"/>
    <xsl:variable name="visit" select="body//PATAdmInfo"/>
    <xsl:variable name="known" select="values/patient"/>
    <order>
      <xsl:call-template name="filled">
        <xsl:with-param name="name">id</xsl:with-param>
        <xsl:with-param name="value" select="$item/OEORIOrderItemID"/>
      </xsl:call-template>
      <exam_id><xsl:value-of select="normalize-space($item/RISRExamID)"/></exam_id>
      <code><xsl:value-of select="normalize-space($item/RISRCode)"/></code>
      <description><xsl:value-of select="normalize-space($item/RISRDesc)"/></description>
      <category><xsl:value-of select="normalize-space($item/OrdCatCode)"/></category>
      <xsl:call-template name="filled">
        <xsl:with-param name="name">patient_id</xsl:with-param>
        <xsl:with-param name="value" select="($bill/PATPatientID | $info/PATPatientID)[1]"/>
      </xsl:call-template>
      <patient_name>
        <xsl:call-template name="first">
          <xsl:with-param name="a" select="$info/PATName"/>
          <xsl:with-param name="b" select="$known//name[1]"/>
        </xsl:call-template>
      </patient_name>
      <sex>
        <xsl:call-template name="sex">
          <xsl:with-param name="code">
            <xsl:call-template name="first">
              <xsl:with-param name="a" select="$info/PATSexCode"/>
              <xsl:with-param name="b" select="$known//sex[1]"/>
            </xsl:call-template>
          </xsl:with-param>
          <xsl:with-param name="description" select="$info/PATSexDesc"/>
        </xsl:call-template>
      </sex>
      <birth_date>
        <xsl:call-template name="date">
          <xsl:with-param name="given">
            <xsl:call-template name="first">
              <xsl:with-param name="a" select="$info/PATDob"/>
              <xsl:with-param name="b" select="$known//birth_date[1]"/>
            </xsl:call-template>
          </xsl:with-param>
        </xsl:call-template>
      </birth_date>
      <age><xsl:value-of select="normalize-space($info/PATAge)"/></age>
      <visit>
        <xsl:call-template name="first">
          <xsl:with-param name="a" select="$bill/PAADMVisitNumber | $visit/PAADMVisitNumber"/>
          <xsl:with-param name="b" select="$known//visit[1]"/>
        </xsl:call-template>
      </visit>
      <department>
        <xsl:call-template name="first">
          <xsl:with-param name="a" select="$item/AppDeptCode"/>
          <xsl:with-param name="b" select="$visit/PAADMDeptCode"/>
        </xsl:call-template>
      </department>
      <department_name>
        <xsl:call-template name="first">
          <xsl:with-param name="a" select="$item/AppDeptDesc"/>
          <xsl:with-param name="b" select="$visit/PAADMDeptDesc"/>
        </xsl:call-template>
      </department_name>
      <doctor>
        <xsl:call-template name="first">
          <xsl:with-param name="a" select="$item/RISRSubmitDocCode"/>
          <xsl:with-param name="b" select="$visit/PAADMDocCode"/>
        </xsl:call-template>
      </doctor>
      <doctor_name>
        <xsl:call-template name="first">
          <xsl:with-param name="a" select="$item/RISRSubmitDocDesc"/>
          <xsl:with-param name="b" select="$visit/PAADMDocDesc"/>
        </xsl:call-template>
      </doctor_name>
      <ordered_at><xsl:value-of select="normalize-space($item/RISRSubmitTime)"/></ordered_at>
      <symptoms><xsl:value-of select="$item/RISRClinicalSymptoms"/></symptoms>
      <organization>
        <xsl:call-template name="first">
          <xsl:with-param name="a" select="$info/HospitalCode"/>
          <xsl:with-param name="b" select="$organization"/>
        </xsl:call-template>
      </organization>
      <document_type><xsl:value-of select="$document-type"/></document_type>
    </order>
  </xsl:template>

  <!-- The first of two that is not empty. -->
  <xsl:template name="first">
    <xsl:param name="a"/>
    <xsl:param name="b"/>
    <xsl:choose>
      <xsl:when test="normalize-space($a)"><xsl:value-of select="normalize-space($a)"/></xsl:when>
      <xsl:otherwise><xsl:value-of select="normalize-space($b)"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>
</xsl:stylesheet>
