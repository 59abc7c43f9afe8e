<?xml version="1.0" encoding="UTF-8"?>
<!--
  A scanned document for the HIS, as it takes reports (register-document.xsl). The document's id is the one of its link,
  equal for all its versions; the message's id and the times are made from the effect. An order it has none.
-->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:import href="common.xsl"/>
  <xsl:import href="site.xsl"/>
  <xsl:output method="xml" encoding="UTF-8" omit-xml-declaration="yes"/>
  <xsl:template match="/run">
    <xsl:variable name="document" select="body/document"/>
    <xsl:variable name="link" select="concat($base-address, $document/link)"/>
    <Request>
      <Header>
        <SourceSystem><xsl:value-of select="$source-system"/></SourceSystem>
        <MessageID><xsl:value-of select="translate(substring(@key, 1, 20), 'abcdef', 'ABCDEF')"/></MessageID>
      </Header>
      <Body>
        <RegisterDocumentRt>
          <OrganizationCode><xsl:value-of select="$organization"/></OrganizationCode>
          <xsl:call-template name="filled">
            <xsl:with-param name="name">PATPatientID</xsl:with-param>
            <xsl:with-param name="value" select="$document/patient/number"/>
          </xsl:call-template>
          <xsl:call-template name="filled">
            <xsl:with-param name="name">PATPatientName</xsl:with-param>
            <xsl:with-param name="value" select="$document/patient/name"/>
          </xsl:call-template>
          <PAADMVisitNumber>
            <xsl:choose>
              <xsl:when test="normalize-space($document/episode)"><xsl:value-of select="normalize-space($document/episode)"/></xsl:when>
              <xsl:when test="normalize-space($document/patient/visit)"><xsl:value-of select="normalize-space($document/patient/visit)"/></xsl:when>
              <!-- Paper of before the visits that the HIS knows. -->
              <xsl:otherwise><xsl:value-of select="$no-visit"/></xsl:otherwise>
            </xsl:choose>
          </PAADMVisitNumber>
          <RISRExamID/>
          <SpecimenID/>
          <OEORIOrderItemID/>
          <DocumentType><xsl:value-of select="$scanned-type"/></DocumentType>
          <xsl:call-template name="filled">
            <xsl:with-param name="name">DocumentID</xsl:with-param>
            <xsl:with-param name="value" select="$document/id"/>
          </xsl:call-template>
          <DocumentContent><wb:blob xmlns:wb="urn:waybill" name="pdf" as="base64"/></DocumentContent>
          <DocumentPath><xsl:value-of select="$link"/></DocumentPath>
          <DocumentPicPath><xsl:value-of select="concat($link, '.png')"/></DocumentPicPath>
          <UpdateUserCode><xsl:value-of select="$source-system"/></UpdateUserCode>
          <UpdateDate><xsl:value-of select="substring(@at, 1, 10)"/></UpdateDate>
          <UpdateTime><xsl:value-of select="substring(@at, 12, 8)"/></UpdateTime>
        </RegisterDocumentRt>
      </Body>
    </Request>
  </xsl:template>
</xsl:stylesheet>
