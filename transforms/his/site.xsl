<?xml version="1.0" encoding="UTF-8"?>
<!-- What differs from hospital to hospital, at one place: change it here. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <!-- The address under which the HIS's users reach Waybill; document links begin with it. -->
  <xsl:variable name="base-address">http://127.0.0.1:8080</xsl:variable>
  <!-- Our own code as a sender. -->
  <xsl:variable name="source-system">SWFK</xsl:variable>
  <!-- The organisation's code where an order does not carry it (layout B). -->
  <xsl:variable name="organization">DEMO01</xsl:variable>
  <!-- 02001 radiology ... 02006 pathology: what the HIS files our reports under. -->
  <xsl:variable name="document-type">02001</xsl:variable>
  <!-- The same for scanned paper. -->
  <xsl:variable name="scanned-type">02006</xsl:variable>
  <!-- The visit of paper that belongs to none. -->
  <xsl:variable name="no-visit">PAPER</xsl:variable>
</xsl:stylesheet>
