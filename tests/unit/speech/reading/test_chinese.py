from __future__ import annotations

import pytest

from tests.unit.speech.reading.rows import Row, rows, said, unlike

TABLE = rows(
    "cmn",
    """
    # cardinals, measure words, decimals
    我买了5个苹果 → 我买了五个苹果
    2个人、2位老师 → 两个人、两位老师
    第2个,2月2日,2楼 → 第二个,二月二日,二楼
    2年级和2年 → 二年级和两年
    1,234人 → 一千二百三十四人
    10000元 → 一万元
    2万人 → 两万人
    200人 → 两百人
    3.5亿 → 三点五亿
    3.14 → 三点一四
    0.5秒 → 零点五秒
    007 → 零零七
    第3章 → 第三章
    12345678901234567890 → 一二三四、五六七八、九零一二、三四五六、七八九零
    # dates, years, times
    2026年5月3日 → 二零二六年五月三日
    2026-05-03 → 二零二六年五月三日
    2026/5/3 → 二零二六年五月三日
    1998-2003年 → 一九九八到二零零三年
    90年代 → 九十年代
    1500年前 → 一千五百年前
    15:05 → 十五点零五分
    下午3:30 → 下午三点三十分
    2:00 → 两点
    1:02:03 → 一小时两分钟三秒
    10:00-12:00 → 十点到十二点
    5月3日-5日 → 五月三日到五日
    # percent, fractions, ranges, scores
    5% → 百分之五
    20.5% → 百分之二十点五
    -5% → 负百分之五
    10-20% → 百分之十到二十
    10%~20% → 百分之十到百分之二十
    1/2 → 二分之一
    2 1/2 → 二又二分之一
    5-10个 → 五到十个
    3~5天 → 三到五天
    以3-1战胜 → 以三比一战胜
    # money
    ¥1,500 → 一千五百元
    ¥5.50 → 五元五角
    5.05元 → 五元零五分
    2元 → 两元
    $300万 → 三百万美元
    €2 → 两欧元
    # units
    走了5km → 走了五公里
    2kg → 两公斤
    时速100km/h → 时速一百公里
    100km/h → 每小时一百公里
    气温-5℃ → 气温零下五摄氏度
    20m² → 二十平方米
    # telephones, addresses
    13812345678 → 幺三八幺二三四五六七八
    010-12345678 → 零幺零、幺二三四五六七八
    请拨打110 → 请拨打幺幺零
    +86 10 1234 5678 → 加八六、一零、一二三四、五六七八
    写信到anna@example.com → 写信到anna 艾特 example 点 com
    #音乐 → 话题音乐
    v2.1 → 版本二点一
    # abbreviations, symbols
    No.5 → 第五
    p.15 → 第十五页
    R&D → R和D
    5+3=8 → 五加三等于八
    ≥5 → 大于等于五
    房间201 → 房间二零幺
    二战于1945年结束 → 二战于一九四五年结束
    # what is left to the engine
    3D, A4, MP3, 4K和5G → 3D, A4, MP3, 4K和5G
    [zh]
    2个 → 两个
    [zh-TW]
    2026年5月3日下午3:05 → 二零二六年五月三日下午三點零五分
    2個人 → 兩個人
    200人 → 兩百人
    10000元 → 一萬元
    $5 → 五元
    [yue]
    2026年5月3日下午3:05 → 二零二六年五月三日下午三點零五分
    2個人 → 兩個人
    200人 → 二百人
    10000元 → 一萬元
    5-10個 → 五到十個
    5% → 百分之五
    25℃ → 二十五攝氏度
    3.14 → 三點一四
    電話2345 6789 → 電話二三四五、六七八九
    """,
)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[0]} {row[1]}")
def test_it_is_said_in_words(row: Row) -> None:
    language, source, words = row
    assert said(source, language) == words


def test_it_is_heard_as_its_words() -> None:
    assert unlike(TABLE) == []
