"""MLLP, the framing of HL7 v2 on a TCP connection: what its listening and its calling channel share."""
