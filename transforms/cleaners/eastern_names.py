"""Full names of East Asia: the family name comes first; in Han, kana and Hangul often in one word with the given name.

A word that may be read more than one way stays whole. What is done with the parts does not belong here (`names`).
"""

from __future__ import annotations

import polars as pl

CHINESE = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖"
    "石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤"
    "張劉陳楊黃趙吳孫馬羅鄭謝許韓鄧馮蕭葉蔣餘呂盧鍾鐘譚陸范韋賈鄒龍賀顧龔萬錢嚴湯蘇閻潘賴簡游詹藍"
)
"""The hundred commonest family names of China, and those of Taiwan and Hong Kong as they are written there."""
CHINESE_OF_TWO = "欧阳|歐陽|司马|司馬|上官|诸葛|諸葛|东方|東方|皇甫|尉迟|公孙|公孫|令狐|慕容|司徒|夏侯|端木"
JAPANESE = (
    "佐藤|鈴木|高橋|田中|伊藤|渡辺|渡邊|渡邉|山本|中村|小林|加藤|吉田|山田|佐々木|山口|松本|井上|木村|斎藤|斉藤|齋藤|齊藤|清水|山崎"
    "|阿部|池田|橋本|山下|石川|中島|前田|藤田|小川|後藤|岡田|長谷川|村上|近藤|石井|坂本|遠藤|青木|藤井|西村|福田|太田|三浦|藤原|岡本"
    "|松田|中川|中野|原田|小野|田村|竹内|金子|和田|中山|石田|上田|森田|柴田|酒井|工藤|横山|宮崎|宮本|内田|高木|安藤|谷口|大野|丸山"
    "|今井|高田|藤本|武田|村田|上野|杉山|増田|平野|大塚|千葉|久保|松井|小島|岩崎|桜井|野口|松尾|野村|木下|菊地|菊池|佐野|大西|杉本"
    "|新井|浜田|古川|市川|水野|小松|島田|小山|高野|山内|西田|川口|安田|飯田|五十嵐|望月|熊谷|大橋|服部|早川|樋口|久保田|松岡"
)
"""The commonest family names of Japan that take more than one sign: one that takes one (林, 森) may be China's."""
KOREAN_OF_TWO = "남궁|황보|제갈|사공|선우|서문|독고|동방|망절"

VIETNAMESE = "Nguyễn|Trần|Lê|Phạm|Hoàng|Huỳnh|Vũ|Võ|Đặng|Bùi|Đỗ|Hồ|Ngô|Dương|Lý|Đinh|Trịnh|Trương|Đoàn"
"""The commonest family names of Vietnam, as they are written there and nowhere else."""
VIETNAMESE_BARE = "Nguyen|Tran|Le|Pham|Hoang|Huynh|Vu|Vo|Dang|Bui|Do|Ho|Ngo|Duong|Ly|Dinh|Trinh|Truong|Doan"
"""The same without accents: Vietnam's only where a middle name of there follows (`Nguyen Van Hung`)."""


def _longest_first(names: str) -> str:
    """The same alternatives; a regular expression takes the first that fits (`久保田` before `久保`)."""
    return "|".join(sorted(names.split("|"), key=len, reverse=True))


_KANA = r"\p{Hiragana}\p{Katakana}ー"
_EASTERN = rf"\p{{Han}}\p{{Hangul}}{_KANA}々"
FAMILY_FIRST = (
    rf"^([{_EASTERN}]+) ([{_EASTERN}][{_EASTERN} ]*)$",
    rf"^({KOREAN_OF_TWO}|\p{{Hangul}})(\p{{Hangul}}{{1,3}})$",
    rf"^([\p{{Han}}々]{{1,3}})([{_KANA}][{_EASTERN}]*)$",
    rf"^({CHINESE_OF_TWO})(\p{{Han}}{{1,2}})$",
    rf"^({_longest_first(JAPANESE)})([\p{{Han}}々]{{1,3}})$",
    rf"^([{CHINESE}])(\p{{Han}}{{1,2}})$",
    r"^(\p{Han}[\p{Han}々])(\p{Han}[\p{Han}々])$",
    rf"(?i)^({VIETNAMESE}) (\S.*)$",
    rf"^((?i:{VIETNAMESE_BARE})) ((?:Van|VAN|Thi|THI) \S.*)$",
)
"""Family and given name; the first pattern that fits. Four Han signs that are no Chinese name are a Japanese one."""
GIVEN_FIRST = rf"^([{_EASTERN}・·]+)[・·]([{_EASTERN}]+)$"
"""Given and family name from elsewhere, as they sound: `ジョン・スミス`."""


EASTERN = rf"(?i)[{_EASTERN}]|^(?:{VIETNAMESE}|{VIETNAMESE_BARE}) "
"""What a name has that may be an eastern one: the others cost a look."""


def eastern_parts(names: pl.Series) -> pl.Series:
    """{family, given} of eastern full names; nulls where a name is none, or cannot be told."""
    places = names.str.contains(EASTERN).fill_null(False).arg_true()
    name = pl.col("name").str
    found = pl.DataFrame({"name": names.gather(places)}).select(
        family=pl.coalesce(name.extract(GIVEN_FIRST, 2), *(name.extract(order, 1) for order in FAMILY_FIRST)),
        given=pl.coalesce(name.extract(GIVEN_FIRST, 1), *(name.extract(order, 2) for order in FAMILY_FIRST)),
    )
    none = pl.Series(values=[None] * len(names), dtype=pl.String)
    return pl.DataFrame({part: none.clone().scatter(places, found[part]) for part in found.columns}).to_struct()
