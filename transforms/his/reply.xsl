<?xml version="1.0" encoding="UTF-8"?>
<!-- The HIS's form of an answer: 0 when the message is durable, else -1 with code, path and rule. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output method="xml" encoding="UTF-8" omit-xml-declaration="yes"/>
  <xsl:template match="/reply">
    <xsl:variable name="header" select="body/Request/Header"/>
    <Response>
      <Header>
        <SourceSystem><xsl:value-of select="normalize-space($header/SourceSystem)"/></SourceSystem>
        <MessageID><xsl:value-of select="normalize-space($header/MessageID)"/></MessageID>
      </Header>
      <Body>
        <xsl:choose>
          <xsl:when test="@code = '0'">
            <ResultCode>0</ResultCode>
            <ResultContent>成功</ResultContent>
          </xsl:when>
          <xsl:otherwise>
            <ResultCode>-1</ResultCode>
            <ResultContent>
              <xsl:if test="not(starts-with(@reason, @code))"><xsl:value-of select="concat(@code, ' ')"/></xsl:if>
              <xsl:value-of select="@reason"/>
            </ResultContent>
          </xsl:otherwise>
        </xsl:choose>
      </Body>
    </Response>
  </xsl:template>
</xsl:stylesheet>
