"""What the names, legal forms and domains of invented companies are put together from.

Every invented domain ends in ``.example``, which is reserved: no invented address can ever reach anybody.
"""

from __future__ import annotations

from typing import Final


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


HEADS: Final = _words(
    "Vel Nor Ast Quan Bri Cal Dor Ely Fen Gal Hel Ind Jor Kel Lum Mar Nex Orb Pel Qui Riv Sol Tar Ulv Ver Wex Xan "
    "Yor Zen Alt Bor Cyr Dyn Eco Flu Gen Hyd Ion Kry Lex Mon Nim Oct Pri Rad Sta Tri Ume Viv Wav Zeph Ark Bel Cor "
    "Del Emb Fyn Gri Hav Ira Jun Kor Lir"
)

TAILS: Final = _words(
    "mora ton alis tum ex dian vance nova ria stead wick ora ent ium ara forge field lane path grid spire crest "
    "stone bridge point works light line scape shore mark well ward burst mint loop nest peak ridge vale wood brook "
    "gate haven moor reach rise"
)

SECTORS: Final = _words(
    "Systems Technologies Solutions Labs Software Analytics Consulting Industries Health Capital Logistics Energy "
    "Media Networks Partners Robotics Foods Pharma Security Insurance Cloud Motors Education Retail Design "
    "Biosciences Materials Aerospace Telecom Payments Ventures Semiconductors Mobility Advisory Hospitality Textiles "
    "Agritech Legal Mining Realty"
)

# A legal form's place in the name, by country of the headquarters; "{}" stands for the rest of the name.
LEGAL_FORMS: Final = {
    "United States": "{}, Inc.",
    "India": "{} Pvt. Ltd.",
    "United Kingdom": "{} Ltd",
    "Germany": "{} GmbH & Co. KG",
    "France": "Société {}",
    "Brazil": "{} Participações S.A.",
    "Spain": "Compañía {} S.L.",
    "Mexico": "{} S.A. de C.V.",
    "Netherlands": "{} B.V.",
    "Russia": "ООО «{}»",
    "Japan": "株式会社{}",
    "China": "{}科技有限公司",
    "Poland": "{} Spółka z o.o.",
    "Turkey": "{} A.Ş.",
    "United Arab Emirates": "{} للتجارة",
    "Egypt": "شركة {}",
    "Sweden": "{} AB",
    "South Korea": "주식회사 {}",
    "Ukraine": "ТОВ «{}»",
}

# What stands before ".example" in the domains of companies of a country.
SUFFIXES: Final = {
    "India": "co.in",
    "United Kingdom": "co.uk",
    "Germany": "de",
    "France": "fr",
    "Brazil": "com.br",
    "Japan": "co.jp",
    "Netherlands": "nl",
}
