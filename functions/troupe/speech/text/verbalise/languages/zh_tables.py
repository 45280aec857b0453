"""Words of Chinese: units, money, what is counted."""

from __future__ import annotations

WORDS = {
    "point": "点",
    "minus": "负",
    "plus": "加",
    "plus_minus": "正负",
    "to": "到",
    "times": "乘",
    "divided": "除以",
    "equals": "等于",
    "not_equal": "不等于",
    "about": "约",
    "less": "小于",
    "more": "大于",
    "at_most": "小于等于",
    "at_least": "大于等于",
    "at": "艾特",
    "dot": "点",
    "slash": "斜杠",
    "dash": "横杠",
    "underscore": "下划线",
    "hashtag": "话题",
    "and": "和",
    "section": "第",
    "number": "第",
    "version": "版本",
}
UNITS = {
    "temperature-celsius": "{0}摄氏度",
    "temperature-fahrenheit": "{0}华氏度",
    "concentr-percent": "百分之{0}",
    "concentr-permille": "千分之{0}",
    "concentr-part-per-1e6": "百万分之{0}",
    "speed-kilometer-per-hour": "每小时{0}公里",
    "speed-meter-per-second": "每秒{0}米",
    "mass-kilogram": "{0}公斤",
    "mass-tonne": "{0}吨",
    "energy-kilowatt-hour": "{0}千瓦时",
    # Hardly anybody says 吉字节.
    "digital-kilobyte": "{0}KB",
    "digital-megabyte": "{0}MB",
    "digital-gigabyte": "{0}GB",
    "digital-terabyte": "{0}TB",
}
MONEY = {
    "USD": "美元",
    "EUR": "欧元",
    "GBP": "英镑",
    "JPY": "日元",
    "KRW": "韩元",
    "TWD": "新台币",
    "HKD": "港元",
    "INR": "卢比",
    "RUB": "卢布",
    "THB": "泰铢",
    "CHF": "瑞士法郎",
    "CAD": "加元",
    "AUD": "澳元",
    "SGD": "新加坡元",
}
# Before these "2" is 两; before others, as 月, 日, 号, 楼, it is 二.
MEASURES = (
    *("个", "個", "位", "名", "只", "隻", "条", "條", "本", "张", "張", "台", "臺", "辆", "輛"),
    *("座", "家", "间", "間", "件", "块", "塊", "杯", "瓶", "碗", "盘", "盤", "袋", "盒", "箱"),
    *("次", "回", "遍", "趟", "场", "場", "部", "首", "句", "段", "篇", "封", "支", "枝", "把"),
    *("双", "雙", "对", "對", "套", "种", "種", "类", "類", "项", "項", "份", "批", "群", "排"),
    *("天", "年", "周", "週", "小时", "小時", "点", "點", "分钟", "分鐘", "秒", "岁", "歲"),
    *("公里", "米", "厘米", "毫米", "公尺", "公分", "公斤", "克", "斤", "吨", "噸", "升", "毫升"),
    *("元", "美元", "欧元", "歐元", "倍", "人", "口", "头", "頭", "匹", "棵", "朵", "颗", "顆"),
    *("层", "層", "步", "千", "万", "萬", "亿", "億", "百万", "百萬", "平方", "立方", "页", "頁"),
)
OTHERS = (
    *("月", "日", "号", "號", "时", "時", "分", "度", "楼", "樓", "章", "节", "節", "世纪", "世紀"),
    *("届", "屆", "级", "級", "成", "折", "角", "点钟", "點鐘", "个月", "個月", "英里", "摄氏度"),
)
