"""Call signs: the country whose series a call sign begins with (ITU Radio Regulations, Appendix 42)."""

from functools import lru_cache
from typing import Final

_SERIES: Final = """
AA-AL US|AM-AO ES|AP-AS PK|AT-AW IN|AX AU|AY-AZ AR|A2 BW|A3 TO|A4 OM|A5 BT|A6 AE|A7 QA|A8 LR|A9 BH
B CN
CA-CE CL|CF-CK CA|CL-CM CU|CN MA|CO CU|CP BO|CQ-CU PT|CV-CX UY|CY-CZ CA|C2 NR|C3 AD|C4 CY|C5 GM|C6 BS|C8-C9 MZ
DA-DR DE|DS-DT KR|DU-DZ PH|D2-D3 AO|D4 CV|D5 LR|D6 KM|D7-D9 KR
EA-EH ES|EI-EJ IE|EK AM|EL LR|EM-EO UA|EP-EQ IR|ER MD|ES EE|ET ET|EU-EW BY|EX KG|EY TJ|EZ TM|E2 TH|E3 ER|E4 PS
E5 CK|E6 NU|E7 BA
F FR|G GB
HA HU|HB CH|HC-HD EC|HE CH|HF PL|HG HU|HH HT|HI DO|HJ-HK CO|HL KR|HM KP|HN IQ|HO-HP PA|HQ-HR HN|HS TH|HT NI
HU SV|HV VA|HW-HY FR|HZ SA|H2 CY|H3 PA|H4 SB|H6-H7 NI|H8-H9 PA
I IT
JA-JS JP|JT-JV MN|JW-JX NO|JY JO|JZ ID|J2 DJ|J3 GD|J4 GR|J5 GW|J6 LC|J7 DM|J8 VC
K US
LA-LN NO|LO-LW AR|LX LU|LY LT|LZ BG|L2-L9 AR
M GB|N US
OA-OC PE|OD LB|OE AT|OF-OJ FI|OK-OL CZ|OM SK|ON-OT BE|OU-OZ DK
PA-PI NL|PJ CW|PK-PO ID|PP-PY BR|PZ SR|P2 PG|P3 CY|P4 AW|P5-P9 KP
R RU
SA-SM SE|SN-SR PL|SU EG|SV-SZ GR|S2-S3 BD|S5 SI|S6 SG|S7 SC|S8 ZA|S9 ST
TA-TC TR|TD GT|TE CR|TF IS|TG GT|TH FR|TI CR|TJ CM|TK FR|TL CF|TM FR|TN CG|TO-TQ FR|TR GA|TS TN|TT TD|TU CI
TV-TX FR|TY BJ|TZ ML|T2 TV|T3 KI|T4 CU|T5 SO|T6 AF|T7 SM|T8 PW
UA-UI RU|UJ-UM UZ|UN-UQ KZ|UR-UZ UA
VA-VG CA|VH-VN AU|VO CA|VP-VQ GB|VR HK|VS GB|VT-VW IN|VX-VY CA|VZ AU|V2 AG|V3 BZ|V4 KN|V5 NA|V6 FM|V7 MH|V8 BN
W US
XA-XI MX|XJ-XO CA|XP DK|XQ-XR CL|XS CN|XT BF|XU KH|XV VN|XW LA|XX MO|XY-XZ MM
YA AF|YB-YH ID|YI IQ|YJ VU|YK SY|YL LV|YM TR|YN NI|YO-YR RO|YS SV|YT-YU RS|YV-YY VE|Y2-Y9 DE
ZA AL|ZB-ZJ GB|ZK-ZM NZ|ZN-ZO GB|ZP PY|ZQ GB|ZR-ZU ZA|ZV-ZZ BR|Z2 ZW|Z3 MK
2 GB
3A MC|3B MU|3C GQ|3E-3F PA|3G CL|3H-3U CN|3V TN|3W VN|3X GN|3Y NO|3Z PL
4A-4C MX|4D-4I PH|4J-4K AZ|4L GE|4M VE|4O ME|4P-4S LK|4T PE|4V HT|4W TL|4X IL|4Z IL
5A LY|5B CY|5C-5G MA|5H-5I TZ|5J-5K CO|5L-5M LR|5N-5O NG|5P-5Q DK|5R-5S MG|5T MR
5U NE|5V TG|5W WS|5X UG|5Y-5Z KE
6A-6B EG|6C SY|6D-6J MX|6K-6N KR|6O SO|6P-6S PK|6T-6U SD|6V-6W SN|6X MG|6Y JM|6Z LR
7A-7I ID|7J-7N JP|7O YE|7P LS|7Q MW|7R DZ|7S SE|7T-7Y DZ|7Z SA
8A-8I ID|8J-8N JP|8O BW|8P BB|8Q MV|8R GY|8S SE|8T-8Y IN|8Z SA
9A HR|9B-9D IR|9E-9F ET|9G GH|9H MT|9I-9J ZM|9K KW|9L SL|9M MY|9N NP|9O-9T CD|9U BI|9V SG|9W MY|9X RW|9Y-9Z TT
"""
"""First characters and ISO 3166-1 alpha-2. Series that a third letter divides (SS, 3D) and those of
international organizations are left out: of them nothing is said."""
_OF_ONE_COUNTRY: Final = (
    {"GB", "UK", "BM", "KY", "GI", "VG", "TC", "FK", "SH", "AI", "MS", "PN", "IO", "IM", "JE", "GG"},
    {"FR", "GP", "MQ", "GF", "RE", "NC", "PF", "WF", "PM", "YT", "TF", "AQ"},
    {"NL", "CW", "SX", "BQ", "AW"},
    {"DK", "GL", "FO"},
    {"US", "PR", "VI", "GU", "AS", "MP"},
    {"CN", "TW", "HK", "MO"},
    {"NZ", "CK", "NU", "TK"},
    {"AU", "CX", "CC", "NF"},
)
"""Countries and their territories, whose ships share series of call signs or have had one flag in common."""
_NO_SIGNS: Final = frozenset(
    {"TEST", "NONE", "NULL", "ABCD", "ABCDE", "UNKNOWN", "XXXXX", "CALL", "CALLSIGN"}
)
"""What is entered instead of a call sign, and could be one by its form."""
_LEAST: Final = 4
"""Characters of a ship's call sign: a series and at least two more (Radio Regulations, article 19)."""


@lru_cache(maxsize=16_384)
def country_of(callsign: str) -> str | None:
    """The country whose series a call sign begins with, ISO 3166-1 alpha-2; None where that is not clear."""
    sign = callsign.strip().upper()
    if len(sign) < _LEAST or not sign.isascii() or not sign.isalnum() or sign.isdigit():
        return None
    if sign in _NO_SIGNS or len(set(sign)) == 1:
        return None
    return _table().get(sign[:2])


def is_one_country(a: str, b: str) -> bool:
    """Whether two codes are one country, or a country and its territory."""
    return a == b or any(a in group and b in group for group in _OF_ONE_COUNTRY)


@lru_cache(maxsize=1)
def _table() -> dict[str, str]:
    """Country by the first two characters."""
    table: dict[str, str] = {}
    for row in _SERIES.replace("\n", "|").split("|"):
        series, _, country = row.partition(" ")
        first, _, last = series.partition("-")
        if len(first) == 1:
            table |= {first + second: country for second in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"}
        elif first:
            start, end = ord(first[1]), ord((last or first)[1])
            table |= {first[0] + chr(code): country for code in range(start, end + 1)}
    return table
