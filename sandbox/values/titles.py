"""Job titles with the seniorities and functions that go with them, most frequent first.

A title carries what the search page calls ``personTitle``, ``seniority`` and ``functional``; the last two are arrays
there, and some titles have two of either.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Title(NamedTuple):
    """A job title and what it says of the person; empty where nothing is known."""

    text: str
    seniorities: tuple[str, ...]
    functions: tuple[str, ...]


DOCUMENTED: Final = Title("CEO", ("Founder",), ("Admin",))
"""The title of the person in the search page's example response."""

UNKNOWN: Final = Title("", (), ())

_ROLES: Final[dict[str, tuple[str, ...]]] = {
    "Engineering": ("Software Engineer", "Data Engineer", "QA Engineer", "Mechanical Engineer", "Backend Developer"),
    "Sales": ("Account Executive", "Sales Representative", "Business Development Representative"),
    "Marketing": ("Marketing Specialist", "Content Strategist", "Growth Marketer"),
    "IT": ("System Administrator", "IT Analyst", "Network Engineer"),
    "Finance": ("Accountant", "Financial Analyst", "Controller"),
    "HR": ("Recruiter", "HR Business Partner"),
    "Operations": ("Operations Analyst", "Supply Chain Planner"),
    "Product Management": ("Product Owner", "Product Analyst"),
    "Support": ("Support Engineer", "Customer Success Specialist"),
    "Analytics": ("Data Scientist", "Business Analyst"),
    "Admin": ("Executive Assistant", "Office Administrator"),
    "Security": ("Security Analyst", "SOC Engineer"),
    "Legal": ("Legal Counsel",),
    "Research": ("Research Scientist",),
    "Training": ("Corporate Trainer",),
    "Purchase": ("Buyer",),
}

_LED: Final = ("Sales", "Marketing", "Engineering", "Finance", "Operations", "HR", "IT", "Product Management")

_TOP: Final = (
    Title("CEO", ("CEO",), ("Admin",)),
    Title("Founder & CEO", ("Founder", "CEO"), ("Admin",)),
    Title("CTO", ("CXO",), ("Engineering", "IT")),
    Title("Chief Financial Officer", ("CXO",), ("Finance",)),
    Title("Chief Marketing Officer", ("CXO",), ("Marketing",)),
    Title("Co-Founder", ("Founder",), ()),
    Title("Managing Director", ("Director", "Executive"), ("Admin", "Operations")),
    Title("President", ("President",), ("Admin",)),
    Title("Chairman of the Board", ("Chairman",), ("Admin",)),
    Title("Geschäftsführer", ("CEO",), ("Admin",)),
    Title("Directeur commercial", ("Director",), ("Sales",)),
    Title("Directora de Marketing", ("Director",), ("Marketing",)),
    Title("Gerente de Operações", ("Manager",), ("Operations",)),
    Title("Генеральный директор", ("CEO",), ("Admin",)),
    Title("营业部长", ("Head",), ("Sales",)),
    Title("代表取締役", ("President", "CEO"), ("Admin",)),
    Title("مدير المبيعات", ("Manager",), ("Sales",)),
    Title("विपणन प्रबंधक", ("Manager",), ("Marketing",)),
    Title('Head of "Special Projects" \\ R&D', ("Head",), ("Research", "Engineering")),
)


def _weighted() -> list[tuple[Title, float]]:
    rows: list[tuple[Title, float]] = [(DOCUMENTED, 0.0), (UNKNOWN, 25.0)]
    for rank, (function, roles) in enumerate(_ROLES.items()):
        for place, role in enumerate(roles):
            share = 60 / (rank + 2) ** 0.8 / (place + 1)
            rows += [
                (Title(role, ("Executive",), (function,)), share),
                (Title(f"Senior {role}", ("Senior",), (function,)), share * 0.8),
                (Title(f"Junior {role}", ("Junior",), (function,)), share * 0.3),
                (Title(f"{role} Intern", ("Entry Level",), (function,)), share * 0.15),
            ]
    for rank, function in enumerate(_LED):
        share = 40 / (rank + 2)
        rows += [
            (Title(f"{function} Manager", ("Manager",), (function,)), share),
            (Title(f"Director of {function}", ("Director",), (function,)), share * 0.7),
            (Title(f"VP of {function}", ("Vice President",), (function,)), share * 0.5),
            (Title(f"Head of {function}", ("Head",), (function,)), share * 0.5),
        ]
    rows += [(title, 30 / (rank + 2)) for rank, title in enumerate(_TOP)]
    return rows


_WEIGHTED: Final = _weighted()

TITLES: Final = tuple(title for title, _ in _WEIGHTED)
"""Every title; the first is that of the documented person and is drawn for nobody else."""

TITLE_WEIGHTS: Final = tuple(weight for _, weight in _WEIGHTED)
