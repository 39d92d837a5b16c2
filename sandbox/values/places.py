"""Where people and offices are: countries with their share of the population, cities with their state.

Shares are skewed as in a real contact database: one country holds half of everybody. City names that occur in two
countries (London, Hyderabad, Paris) are there on purpose.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Place(NamedTuple):
    """A city, its state and its country, in full names; an empty string where unknown."""

    city: str
    state: str
    country: str


# Country: share of the population in tenths of a percent; then cities, "City/State", most populous first.
_COUNTRIES: Final[dict[str, tuple[int, str]]] = {
    "United States": (
        520,
        "New York/New York; San Francisco/California; Chicago/Illinois; Austin/Texas; Boston/Massachusetts; "
        "Los Angeles/California; Seattle/Washington; Atlanta/Georgia; Dallas/Texas; Denver/Colorado; Miami/Florida; "
        "Washington/District of Columbia; Houston/Texas; San Jose/California; Philadelphia/Pennsylvania; "
        "Minneapolis/Minnesota; Phoenix/Arizona; Reston/Virginia; Raleigh/North Carolina; Portland/Oregon; "
        "San Diego/California; Detroit/Michigan; Columbus/Ohio; Nashville/Tennessee; Salt Lake City/Utah; "
        "Portland/Maine; Paris/Texas; Honolulu/Hawaii",
    ),
    "India": (
        145,
        "Bengaluru/Karnataka; Mumbai/Maharashtra; Pune/Maharashtra; Hyderabad/Telangana; New Delhi/Delhi; "
        "Chennai/Tamil Nadu; Gurugram/Haryana; Noida/Uttar Pradesh; Ahmedabad/Gujarat; Kolkata/West Bengal; "
        "Kochi/Kerala; Jaipur/Rajasthan",
    ),
    "United Kingdom": (62, "London/England; Manchester/England; Edinburgh/Scotland; Bristol/England; Cardiff/Wales"),
    "Germany": (
        44,
        "Berlin/Berlin; München/Bayern; Hamburg/Hamburg; Köln/Nordrhein-Westfalen; Göttingen/Niedersachsen",
    ),
    "France": (32, "Paris/Île-de-France; Lyon/Auvergne-Rhône-Alpes; Toulouse/Occitanie; Orléans/Centre-Val de Loire"),
    "Canada": (30, "Toronto/Ontario; Vancouver/British Columbia; Montréal/Québec; London/Ontario; Calgary/Alberta"),
    "Brazil": (24, "São Paulo/São Paulo; Rio de Janeiro/Rio de Janeiro; Curitiba/Paraná; Brasília/Distrito Federal"),
    "Spain": (16, "Madrid/Comunidad de Madrid; Barcelona/Cataluña; Málaga/Andalucía; A Coruña/Galicia"),
    "Mexico": (14, "Ciudad de México/Ciudad de México; Monterrey/Nuevo León; Mérida/Yucatán; León/Guanajuato"),
    "Netherlands": (14, "Amsterdam/Noord-Holland; Rotterdam/Zuid-Holland; 's-Hertogenbosch/Noord-Brabant"),
    "Russia": (13, "Москва/Москва; Санкт-Петербург/Санкт-Петербург; Казань/Татарстан; Moscow/Moscow"),
    "Japan": (13, "東京/東京都; 大阪/大阪府; Tokyo/Tokyo; Yokohama/Kanagawa"),
    "China": (13, "上海/上海市; 北京/北京市; 深圳/广东省; Shanghai/Shanghai"),
    "Poland": (10, "Warszawa/Mazowieckie; Kraków/Małopolskie; Łódź/Łódzkie; Wrocław/Dolnośląskie"),
    "Turkey": (9, "İstanbul/İstanbul; Ankara/Ankara; İzmir/İzmir"),
    "United Arab Emirates": (9, "Dubai/Dubai; Abu Dhabi/Abu Dhabi; الشارقة/الشارقة"),
    "Egypt": (7, "القاهرة/القاهرة; Cairo/Cairo; Alexandria/Alexandria"),
    "Sweden": (7, "Stockholm/Stockholms län; Göteborg/Västra Götalands län; Malmö/Skåne län"),
    "South Korea": (6, "서울/서울특별시; Seoul/Seoul; 부산/부산광역시"),
    "Ukraine": (5, "Київ/Київ; Львів/Львівська область"),
    "Pakistan": (4, "Karachi/Sindh; Lahore/Punjab; Hyderabad/Sindh"),
    "Vietnam": (2, "Hà Nội/Hà Nội; Hồ Chí Minh/Hồ Chí Minh"),
    "Côte d'Ivoire": (1, "Abidjan/Abidjan"),
}

# Of a country's people, in thousandths: city unknown, city and state unknown.
_WITHOUT_CITY: Final = 25
_WITHOUT_STATE: Final = 20
_WITHOUT_COUNTRY: Final = 12


def _weighted() -> list[tuple[Place, float]]:
    places: list[tuple[Place, float]] = [(Place("Pune", "Maharashtra", "India"), 0.0)]
    for country, (share, cities) in _COUNTRIES.items():
        pairs = [city.strip().partition("/") for city in cities.split(";")]
        named = [Place(city, state, country) for city, _, state in pairs]
        ranks = [1 / (rank + 1.6) ** 0.95 for rank in range(len(named))]
        known = share * (1000 - _WITHOUT_CITY - _WITHOUT_STATE) / 1000
        places += [(place, known * rank / sum(ranks)) for place, rank in zip(named, ranks, strict=True)]
        places.append((Place("", named[0].state, country), share * _WITHOUT_CITY / 1000))
        places.append((Place("", "", country), share * _WITHOUT_STATE / 1000))
    places.append((Place("", "", ""), float(_WITHOUT_COUNTRY)))
    return places


_WEIGHTED: Final = _weighted()

PLACES: Final = tuple(place for place, _ in _WEIGHTED)
"""Every place; the first is that of the documented person and is drawn for nobody else."""

PLACE_WEIGHTS: Final = tuple(weight for _, weight in _WEIGHTED)

COUNTRIES: Final = tuple(_COUNTRIES)
