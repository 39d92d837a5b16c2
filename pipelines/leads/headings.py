"""Usual headings of CRM and list exports in English, as they read without case, blanks and marks. Data and two rules.

``person_id`` has few: half of all databases have a column of that name with numbers of their own, and each would be
sent to the vendor as one of his.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

#: field -> headings, the likeliest first: of several the first that is there is taken
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "person_id": ("clodurapersonid", "cloduraid"),
    "linkedin_url": (
        "personlinkedinurl", "personlinkedin", "linkedinprofileurl", "linkedinurl", "linkedinprofile", "linkedinlink",
        "linkedinpage", "linkedin", "hslinkedinurl", "linkedinbio", "defaultprofileurl", "publicprofileurl",
        "profileurl", "profilelink",
    ),
    "full_name": ("fullname", "personname", "contactname", "leadname", "contactfullname", "displayname", "name"),
    "first_name": ("firstname", "givenname", "forename", "fname", "first"),
    "last_name": ("lastname", "surname", "familyname", "lname", "last"),
    "company_domain": (
        "companydomain", "companydomainname", "organizationdomain", "organisationdomain", "accountdomain",
        "employerdomain", "domain", "domainname", "companywebsite", "companywebsiteurl", "organizationwebsite",
        "accountwebsite", "companyurl", "website", "websiteurl", "companywebaddress", "webaddress", "webpage",
    ),
    "company_name": (
        "companyname", "company", "organizationname", "organisationname", "organization", "organisation",
        "accountname", "account", "employername", "employer", "currentcompany", "currentemployer",
        "companynameforemails",
    ),
    "email": (
        "workemail", "workemailaddress", "businessemail", "businessemailaddress", "professionalemail",
        "corporateemail", "personemailwork", "emailwork", "primaryemail", "emailaddress", "email", "emailid",
    ),
    "title": ("jobtitle", "persontitle", "currenttitle", "title", "position", "jobposition", "designation"),
    "country": ("personcountry", "contactcountry", "mailingcountry", "country", "countryname", "countryregion"),
}  # fmt: skip

#: words that say no more than that a column is about the person of the row
_NOISE = frozenset("contact contacts person people lead leads prospect prospects primary member the s".split())
_KNOWN = {heading: (field, rank) for field, headings in HEADINGS.items() for rank, heading in enumerate(headings)}
#: behind all that are exact
_FUZZY = 1000


def plain(heading: str) -> str:
    """A heading without case, blanks, underscores, dots, hyphens, and the number of one that is repeated."""
    return re.sub(r"[\s_.\-\u2010-\u2015]+|\(\d+\)$", "", heading).casefold()


def meant(heading: str) -> tuple[str, int] | None:
    """The field that a heading stands for, and how surely (0 is best); None for what is not usual."""
    exact = _KNOWN.get(plain(heading))
    if exact is not None:
        return exact
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", heading)
    words = [word for word in re.split(r"[\W_]+", apart.casefold()) if word and word not in _NOISE]
    fuzzy = _KNOWN.get("".join(words))
    return (fuzzy[0], _FUZZY + fuzzy[1]) if fuzzy is not None else None
