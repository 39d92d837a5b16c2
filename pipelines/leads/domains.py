"""A company's own domain out of what lists hold: a domain, a website, an address. Pure."""

from __future__ import annotations

import re

from pipelines.leads.values import Unusable

#: where anybody may have an address: it says nothing of an employer
FREE_MAIL = frozenset(
    """
    gmail.com googlemail.com outlook.com hotmail.com hotmail.co.uk hotmail.fr hotmail.de hotmail.it hotmail.es
    live.com live.co.uk live.fr live.nl msn.com passport.com yahoo.com yahoo.co.uk yahoo.co.in yahoo.co.jp yahoo.fr
    yahoo.de yahoo.it yahoo.es yahoo.ca yahoo.com.br yahoo.com.au yahoo.com.mx yahoo.in ymail.com rocketmail.com
    aol.com aim.com icloud.com me.com mac.com proton.me protonmail.com protonmail.ch pm.me tutanota.com tuta.io
    hey.com fastmail.com fastmail.fm zoho.com zohomail.com mail.com email.com gmx.com gmx.de gmx.net gmx.at gmx.ch
    web.de t-online.de freenet.de arcor.de mailbox.org posteo.de orange.fr wanadoo.fr free.fr sfr.fr laposte.net
    libero.it virgilio.it tiscali.it alice.it telenet.be skynet.be ziggo.nl kpnmail.nl planet.nl home.nl hetnet.nl
    bluewin.ch seznam.cz centrum.cz wp.pl o2.pl onet.pl interia.pl mail.ru inbox.ru list.ru bk.ru yandex.ru yandex.com
    ya.ru rambler.ru ukr.net qq.com 163.com 126.com sina.com sohu.com foxmail.com naver.com daum.net hanmail.net
    docomo.ne.jp rediffmail.com uol.com.br bol.com.br terra.com.br comcast.net verizon.net att.net sbcglobal.net
    bellsouth.net cox.net charter.net earthlink.net juno.com optonline.net btinternet.com sky.com virginmedia.com
    ntlworld.com talktalk.net bigpond.com optusnet.com.au rogers.com shaw.ca sympatico.ca mailinator.com
    guerrillamail.com yopmail.com
""".split()
)
#: whose pages are about others; without a path they are their own
_ABOUT_OTHERS = frozenset(
    """
    linkedin.com facebook.com fb.com instagram.com twitter.com x.com youtube.com tiktok.com github.com xing.com
    crunchbase.com medium.com google.com goo.gl bit.ly linktr.ee wikipedia.org angel.co wellfound.com glassdoor.com
""".split()
)

_PARTS = re.compile(
    r"(?:[a-z][a-z0-9+.-]*:)?(?://)?(?:[^@/?#\s]*@)?(?P<host>[^/?#:@\s]+)(?::\d*)?(?P<rest>[/?#]\S*)?", re.IGNORECASE
)
_LABEL = r"[^\W_](?:[\w-]*[^\W_])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?:[^\W\d_]{{2,}}|xn--[a-z0-9-]+)")
_ADDRESS = re.compile(r"[^\s@,;<>\"]+@([^\s@,;<>\"]+)")


def company_domain(text: str) -> str:
    """The bare domain of a domain, a website's URL or an address, in small letters. Raises `Unusable`."""
    found = _PARTS.fullmatch(text)
    domain = _bare(found["host"]) if found else None
    if found is None or domain is None:
        raise Unusable("it is no domain: write it like example.com")
    if is_free_mail(domain):
        raise Unusable("it is where anybody may have an address, and no company's own domain")
    about_others = any(domain == host or domain.endswith(f".{host}") for host in _ABOUT_OTHERS)
    if about_others and (found["rest"] or "").strip("/"):
        raise Unusable("it is a page about the company at another's site: write the company's own domain")
    return domain


def address_and_domain(text: str) -> tuple[str | None, str | None]:
    """An address, and its domain where that is an employer's; None for what is none."""
    found = _ADDRESS.fullmatch(text)
    domain = _bare(found[1]) if found else None
    if found is None or domain is None:
        return None, None
    return text, None if is_free_mail(domain) else domain


def is_free_mail(domain: str) -> bool:
    """Whether anybody may have an address there."""
    return domain in FREE_MAIL


def _bare(host: str) -> str | None:
    host = re.sub(r"^(?:www\d?\.)+(?=[^.]+\.)", "", host.lower().rstrip("."))
    return host if len(host) <= 253 and _DOMAIN.fullmatch(host) else None
