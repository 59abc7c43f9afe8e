<?xml version="1.0" encoding="UTF-8"?>
<!-- Templates that the other stylesheets share: one sex code, one date form, fields that must be filled. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <!-- F, M or U, from F/M, from 1/2 (GB/T 2261.1: 1 male, 2 female) or from the description. -->
  <xsl:template name="sex">
    <xsl:param name="code"/>
    <xsl:param name="description"/>
    <xsl:variable name="given" select="translate(normalize-space($code), 'fm', 'FM')"/>
    <xsl:variable name="words" select="normalize-space($description)"/>
    <xsl:choose>
      <xsl:when test="$given = 'F' or $given = '2' or $given = '女'">F</xsl:when>
      <xsl:when test="$given = 'M' or $given = '1' or $given = '男'">M</xsl:when>
      <xsl:when test="starts-with($words, '女') or $words = 'F'">F</xsl:when>
      <xsl:when test="starts-with($words, '男') or $words = 'M'">M</xsl:when>
      <xsl:otherwise>U</xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <!-- YYYY-MM-DD from a date with any separator or none, with or without a time; empty when it is no such date. -->
  <xsl:template name="date">
    <xsl:param name="given"/>
    <xsl:variable name="first" select="substring-before(concat(translate(normalize-space($given), 'T/.', ' --'), ' '), ' ')"/>
    <xsl:choose>
      <xsl:when test="string-length($first) = 8 and number($first) = number($first) and not(contains($first, '-'))">
        <xsl:value-of select="concat(substring($first, 1, 4), '-', substring($first, 5, 2), '-', substring($first, 7, 2))"/>
      </xsl:when>
      <xsl:when test="contains($first, '-')">
        <xsl:variable name="rest" select="substring-after($first, '-')"/>
        <xsl:variable name="year" select="number(substring-before($first, '-'))"/>
        <xsl:variable name="month" select="number(substring-before($rest, '-'))"/>
        <xsl:variable name="day" select="number(substring-after($rest, '-'))"/>
        <xsl:if test="$year &gt; 999 and $month &gt; 0 and $day &gt; 0">
          <xsl:value-of select="concat($year, '-', format-number($month, '00'), '-', format-number($day, '00'))"/>
        </xsl:if>
      </xsl:when>
    </xsl:choose>
  </xsl:template>

  <!-- An element whose text must not be empty: the HIS refuses such a document, so it is not even sent. -->
  <xsl:template name="filled">
    <xsl:param name="name"/>
    <xsl:param name="value"/>
    <xsl:if test="not(normalize-space($value))">
      <xsl:message terminate="yes"><xsl:value-of select="$name"/> is required and empty</xsl:message>
    </xsl:if>
    <xsl:element name="{$name}"><xsl:value-of select="normalize-space($value)"/></xsl:element>
  </xsl:template>
</xsl:stylesheet>
