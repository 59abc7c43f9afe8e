<?xml version="1.0" encoding="UTF-8"?>
<!--
  The signed report for the HIS. The message's id and the times are made from the effect (run/@key, run/@at), the
  document's id from the run and its bytes (signed/@document), so they are equal on every attempt. The report's bytes never come here: the sink fills wb:blob while it sends. A site that wants only the link
  leaves DocumentContent empty.
-->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:import href="common.xsl"/>
  <xsl:import href="site.xsl"/>
  <xsl:output method="xml" encoding="UTF-8" omit-xml-declaration="yes"/>
  <xsl:template match="/run">
    <xsl:variable name="order" select="values/order/order"/>
    <xsl:variable name="document" select="values/signed/@document"/>
    <xsl:variable name="link" select="concat($base-address, '/d/', $document)"/>
    <Request>
      <Header>
        <SourceSystem><xsl:value-of select="$source-system"/></SourceSystem>
        <MessageID><xsl:value-of select="translate(substring(@key, 1, 20), 'abcdef', 'ABCDEF')"/></MessageID>
      </Header>
      <Body>
        <RegisterDocumentRt>
          <xsl:call-template name="filled">
            <xsl:with-param name="name">OrganizationCode</xsl:with-param>
            <xsl:with-param name="value" select="$order/organization"/>
          </xsl:call-template>
          <xsl:call-template name="filled">
            <xsl:with-param name="name">PATPatientID</xsl:with-param>
            <xsl:with-param name="value" select="$order/patient_id"/>
          </xsl:call-template>
          <xsl:call-template name="filled">
            <xsl:with-param name="name">PATPatientName</xsl:with-param>
            <xsl:with-param name="value" select="$order/patient_name"/>
          </xsl:call-template>
          <xsl:call-template name="filled">
            <xsl:with-param name="name">PAADMVisitNumber</xsl:with-param>
            <xsl:with-param name="value" select="$order/visit"/>
          </xsl:call-template>
          <RISRExamID><xsl:value-of select="$order/exam_id"/></RISRExamID>
          <SpecimenID/>
          <OEORIOrderItemID><xsl:value-of select="$order/id"/></OEORIOrderItemID>
          <xsl:call-template name="filled">
            <xsl:with-param name="name">DocumentType</xsl:with-param>
            <xsl:with-param name="value" select="$order/document_type"/>
          </xsl:call-template>
          <xsl:call-template name="filled">
            <xsl:with-param name="name">DocumentID</xsl:with-param>
            <xsl:with-param name="value" select="$document"/>
          </xsl:call-template>
          <DocumentContent><wb:blob xmlns:wb="urn:waybill" name="signed" as="base64"/></DocumentContent>
          <DocumentPath><xsl:value-of select="$link"/></DocumentPath>
          <DocumentPicPath><xsl:value-of select="concat($link, '.png')"/></DocumentPicPath>
          <xsl:call-template name="filled">
            <xsl:with-param name="name">UpdateUserCode</xsl:with-param>
            <xsl:with-param name="value">
              <xsl:choose>
                <!-- Who signed, when the run says it; else who ordered. -->
                <xsl:when test="normalize-space(values/signer//staff_number[1])">
                  <xsl:value-of select="values/signer//staff_number[1]"/>
                </xsl:when>
                <xsl:otherwise><xsl:value-of select="$order/doctor"/></xsl:otherwise>
              </xsl:choose>
            </xsl:with-param>
          </xsl:call-template>
          <UpdateDate><xsl:value-of select="substring(@at, 1, 10)"/></UpdateDate>
          <UpdateTime><xsl:value-of select="substring(@at, 12, 8)"/></UpdateTime>
        </RegisterDocumentRt>
      </Body>
    </Request>
  </xsl:template>
</xsl:stylesheet>
