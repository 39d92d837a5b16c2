"""Names of people by culture, in their own script, each with the ASCII form its addresses are built from."""

from __future__ import annotations

import unicodedata
from typing import Final, NamedTuple


class Name(NamedTuple):
    """A first or last name as shown, and in ASCII."""

    shown: str
    ascii: str


class Culture(NamedTuple):
    """The names of one culture, most frequent first, as positions in ``FIRST_NAMES`` and ``LAST_NAMES``."""

    first: range
    last: range


# First names, then last names. "shown=ascii" where the script is not Latin; "_" stands for a space.
_NAMES: Final[dict[str, tuple[str, str]]] = {
    "anglo": (
        "James Mary Michael Jennifer David Linda John Patricia Robert Elizabeth William Barbara Christopher Susan "
        "Daniel Jessica Matthew Sarah Anthony Karen Mark Emily Steven Ashley Andrew Megan Brian Rachel Kevin Olivia "
        "Mary-Jane Siobhán",
        "Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Taylor Thomas Moore Martin Jackson Thompson "
        "White Harris Clark Lewis Robinson Walker Young Allen King Wright Scott Green Baker Adams Nelson O'Brien "
        "McDonald Smith-Jones Ng",
    ),
    "hindi": (
        "Rahul Priya Amit Neha Sanjay Anjali Rajesh Pooja Vikram Sneha Arjun Kavita Suresh Divya Anil Swati Rohit "
        "Deepika Manish Shreya Karthik Lakshmi Aditya Ananya Harish Meera",
        "Sharma Patel Singh Kumar Gupta Reddy Iyer Mehta Joshi Nair Rao Desai Verma Kulkarni Chatterjee Banerjee "
        "Agarwal Menon Pillai Bhat Kaur Deshpande Choudhary Mishra",
    ),
    "devanagari": (
        "राहुल=Rahul प्रिया=Priya अमित=Amit नेहा=Neha संजय=Sanjay अंजलि=Anjali विक्रम=Vikram कविता=Kavita",
        "शर्मा=Sharma पटेल=Patel सिंह=Singh कुमार=Kumar गुप्ता=Gupta जोशी=Joshi वर्मा=Verma मिश्रा=Mishra",
    ),
    "german": (
        "Thomas Sabine Jürgen Petra Michael Ute Björn Käthe Stefan Anja Günther Jörg Katharina Lukas Hannah Felix",
        "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schäfer Koch Groß Weiß Bäcker Köhler von_Bülow",
    ),
    "french": (
        "Jean Marie Pierre Sophie François Hélène Jean-Baptiste Zoé Rémi Chloé Jérôme Agnès Loïc Gaëlle Noël",
        "Martin Bernard Dubois Durand Lefèvre Moreau Girard Besançon Lemaître d'Estaing Hervé Gauthier Benoît",
    ),
    "spanish": (
        "José María Carlos Lucía Juan_Carlos María_José Andrés Sofía Íñigo Begoña Raúl Inés Joaquín Nuria Ángel",
        "García Rodríguez Martínez López González Hernández Núñez Ibáñez de_la_Cruz Pérez Muñoz Castañeda Güemes",
    ),
    "portuguese": (
        "João Maria Antônio Ana Luís Beatriz Gonçalo Conceição Tomás Letícia Murilo Vitória",
        "Silva Santos Oliveira Souza Pereira Araújo Gonçalves Conceição Magalhães Simões Brandão dos_Santos",
    ),
    "dutch": (
        "Jan Anna Pieter Sanne Willem Fleur Daan Loes Koen Femke",
        "de_Vries Jansen van_den_Berg Bakker Visser van_der_Meer 't_Hart Smit Mulder",
    ),
    "polish": (
        "Piotr Anna Paweł Małgorzata Łukasz Agnieszka Stanisław Żaneta Michał Zofia",
        "Nowak Kowalski Wiśniewska Wójcik Dąbrowska Zieliński Szymański Błaszczyk Żak",
    ),
    "turkish": (
        "Mehmet Ayşe Mustafa Zeynep Çağla İbrahim Gülşen Ömer Şule Işıl",
        "Yılmaz Kaya Demir Çelik Şahin Yıldız Öztürk Güneş Aydın",
    ),
    "nordic": (
        "Lars Ingrid Bjørn Åsa Søren Astrid Göran Märta Jens Þóra",
        "Andersson Hansen Østergård Ångström Lindström Sjöberg Jørgensen Håkansson Bergström",
    ),
    "vietnamese": (
        "Minh Hương Tuấn Nguyệt Đức Thảo Quốc Ngọc",
        "Nguyễn Trần Lê Phạm Hoàng Đặng Võ Bùi",
    ),
    "cyrillic": (
        "Александр=Aleksandr Елена=Elena Дмитрий=Dmitry Ольга=Olga Сергей=Sergey Наталья=Natalya Владимир=Vladimir "
        "Юлия=Yuliya Михаил=Mikhail Оксана=Oksana",
        "Иванов=Ivanov Смирнова=Smirnova Кузнецов=Kuznetsov Попова=Popova Шевченко=Shevchenko Коваленко=Kovalenko "
        "Петров=Petrov Щербаков=Shcherbakov Чернышёв=Chernyshev",
    ),
    "arabic": (
        "محمد=Mohammed فاطمة=Fatima أحمد=Ahmed مريم=Mariam خالد=Khaled عائشة=Aisha يوسف=Youssef ليلى=Layla",
        "الهاشمي=Al-Hashimi السيد=El-Sayed حسن=Hassan المنصوري=Al-Mansoori إبراهيم=Ibrahim خان=Khan عبد_الله=Abdullah",
    ),
    "chinese": (
        "伟=Wei 芳=Fang 娜=Na 秀英=Xiuying 敏=Min 静=Jing 强=Qiang 磊=Lei 洋=Yang 子轩=Zixuan",
        "王=Wang 李=Li 张=Zhang 刘=Liu 陈=Chen 杨=Yang 黄=Huang 赵=Zhao 吴=Wu 欧阳=Ouyang",
    ),
    "japanese": (
        "太郎=Taro 花子=Hanako 健=Ken 美咲=Misaki 翔=Sho さくら=Sakura 大輔=Daisuke 裕子=Yuko",
        "佐藤=Sato 鈴木=Suzuki 高橋=Takahashi 田中=Tanaka 伊藤=Ito 渡辺=Watanabe 山本=Yamamoto 小林=Kobayashi",
    ),
    "korean": (
        "민준=Minjun 서연=Seoyeon 지훈=Jihun 수진=Sujin 현우=Hyunwoo 지영=Jiyoung",
        "김=Kim 이=Lee 박=Park 최=Choi 정=Jung 강=Kang",
    ),
}

# Cultures whose names also go about in Latin letters, under the culture's name with "_latin" behind it.
_ROMANIZED: Final = ("cyrillic", "arabic", "chinese", "japanese", "korean")

# Sixteen people of a country, by culture.
COUNTRY_CULTURES: Final[dict[str, dict[str, int]]] = {
    "United States": {"anglo": 11, "spanish": 2, "hindi": 1, "chinese_latin": 1, "german": 1},
    "India": {"hindi": 14, "devanagari": 2},
    "United Kingdom": {"anglo": 13, "hindi": 2, "arabic_latin": 1},
    "Germany": {"german": 13, "turkish": 2, "polish": 1},
    "France": {"french": 14, "arabic_latin": 2},
    "Canada": {"anglo": 10, "french": 4, "hindi": 1, "chinese_latin": 1},
    "Brazil": {"portuguese": 15, "japanese_latin": 1},
    "Spain": {"spanish": 16},
    "Mexico": {"spanish": 16},
    "Netherlands": {"dutch": 14, "turkish": 2},
    "Russia": {"cyrillic": 11, "cyrillic_latin": 5},
    "Japan": {"japanese": 11, "japanese_latin": 5},
    "China": {"chinese": 11, "chinese_latin": 5},
    "Poland": {"polish": 16},
    "Turkey": {"turkish": 16},
    "United Arab Emirates": {"arabic": 6, "arabic_latin": 6, "hindi": 3, "anglo": 1},
    "Egypt": {"arabic": 10, "arabic_latin": 6},
    "Sweden": {"nordic": 15, "arabic_latin": 1},
    "South Korea": {"korean": 11, "korean_latin": 5},
    "Ukraine": {"cyrillic": 11, "cyrillic_latin": 5},
    "Pakistan": {"arabic_latin": 16},
    "Vietnam": {"vietnamese": 16},
    "Côte d'Ivoire": {"french": 16},
    "": {"anglo": 12, "hindi": 4},
}

_LETTERS: Final = str.maketrans(
    {"ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "Þ": "Th", "þ": "th"}
)


def to_ascii(text: str) -> str:
    """``text`` with its diacritics removed and every other non-ASCII character dropped."""
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return plain.encode("ascii", "ignore").decode("ascii")


def _names(words: str, *, romanized: bool) -> list[Name]:
    names = []
    for word in words.split():
        shown, _, ascii_form = word.replace("_", " ").partition("=")
        ascii_form = ascii_form or to_ascii(shown)
        names.append(Name(ascii_form if romanized else shown, ascii_form))
    return names


def _tables() -> tuple[tuple[Name, ...], tuple[Name, ...], dict[str, Culture]]:
    first = [Name("Kapil", "Kapil")]
    last = [Name("Khangaonkar", "Khangaonkar"), Name("", "")]
    cultures = {}
    sources = [(culture, culture, False) for culture in _NAMES]
    sources += [(f"{culture}_latin", culture, True) for culture in _ROMANIZED]
    for culture, source, romanized in sources:
        firsts, lasts = (_names(words, romanized=romanized) for words in _NAMES[source])
        cultures[culture] = Culture(
            range(len(first), len(first) + len(firsts)), range(len(last), len(last) + len(lasts))
        )
        first += firsts
        last += lasts
    return tuple(first), tuple(last), cultures


FIRST_NAMES, LAST_NAMES, CULTURES = _tables()
"""Every name; the first of each is the documented person's, and ``LAST_NAMES[NO_LAST_NAME]`` is empty."""

NO_LAST_NAME: Final = 1
