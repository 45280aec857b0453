from __future__ import annotations

import pytest

from tests.unit.speech.reading.rows import Row, rows, said, unlike

TABLE = rows(
    "ko",
    """
    # native numbers before their counters
    사과 5개를 샀다 → 사과 다섯 개를 샀다
    사과 20개 → 사과 스무 개
    21명 → 스물한 명
    3명과 2마리 → 세 명과 두 마리
    20살 → 스무 살
    3번째 → 세 번째
    1번째 → 첫 번째
    2째 → 둘째
    2배 → 두 배
    7시간 → 일곱 시간
    5~10개 → 다섯에서 열 개
    # Sino-Korean numbers
    100개 → 백 개
    1,234명 → 천이백삼십사 명
    25세 → 이십오세
    3개월과 5개국 → 삼개월과 오개국
    제1권 → 제일권
    3층 → 삼층
    20대 → 이십대
    3.14 → 삼 점 일사
    0.5초 → 영 점 오초
    5-10분 → 오에서 십분
    007 → 공공칠
    # money
    10000원 → 만 원
    5만원 → 오만 원
    3억 5천만 원 → 삼억 오천만 원
    ₩5,000 → 오천 원
    $5 → 오 달러
    $300만 → 삼백만 달러
    2달러 → 이 달러
    # dates, years, times
    6월 6일과 10월 3일 → 유월 육일과 시월 삼일
    2026년 5월 3일 → 이천이십육년 오월 삼일
    05월 03일 → 오월 삼일
    2026-05-03 → 이천이십육년 오월 삼일
    2026.5.3 → 이천이십육년 오월 삼일
    1998-2003년 → 천구백구십팔에서 이천삼년
    5월 3일~5일 → 오월 삼일에서 오일
    오후 3시 5분 → 오후 세 시 오분
    15시 30분 → 십오 시 삼십분
    3:05 PM → 오후 세 시 오 분
    1:02:03 → 한 시간 이 분 삼 초
    10:00~12:00 → 열 시에서 열두 시
    3~5시 → 세 시에서 다섯 시
    # percent, fractions, scores
    5% → 오 퍼센트
    10~20% → 십에서 이십 퍼센트
    -5% → 마이너스 오 퍼센트
    1/2 → 이분의 일
    2 1/2 → 이와 이분의 일
    3-1로 이겼다 → 삼 대 일로 이겼다
    # units
    5km → 오 킬로미터
    100km/h → 시속 백 킬로미터
    시속 100km/h → 시속 백 킬로미터
    25℃ → 섭씨 이십오 도
    기온은 -5℃ → 기온은 영하 오 도
    20m² → 이십 제곱미터
    # telephones, addresses, abbreviations, symbols
    010-1234-5678 → 공일공, 일이삼사, 오육칠팔
    +82 10 1234 5678 → 플러스 팔이, 일공, 일이삼사, 오육칠팔
    119에 신고 → 일일구에 신고
    anna@example.com → anna 골뱅이 example 점 com
    No.5 → 넘버 오
    p.15 → 십오쪽
    (주)한국 → 주식회사 한국
    R&D → R 앤드 D
    6·25 전쟁과 3·1운동 → 육이오 전쟁과 삼일운동
    하루 3번 → 하루 세 번
    5월 3일(수) → 오월 삼일 수요일
    # what is left to the engine
    3D, A4, MP3, 5G → 3D, A4, MP3, 5G
    """,
)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row[1])
def test_it_is_said_in_words(row: Row) -> None:
    language, source, words = row
    assert said(source, language) == words


def test_it_is_heard_as_its_words() -> None:
    assert unlike(TABLE) == []
