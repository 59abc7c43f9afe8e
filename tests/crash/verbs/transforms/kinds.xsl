<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:template match="/run"><made><id><xsl:value-of select="body/kinds/id"/></id>
  <n><xsl:value-of select="body/kinds/part/n"/></n></made></xsl:template></xsl:stylesheet>
