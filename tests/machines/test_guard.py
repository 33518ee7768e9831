"""When a machine is spared, and when it may work again."""

from collections.abc import Sequence

import pytest

from apps.machines.guard import Held, Level, Rule, Standing, held, judge

WARM = Rule("temperature", "the temperature", 83, 76, pause_at=88, unit="°C", settle_s=60)
FREE = Rule("memory", "the free memory", 600, 800, unit="MB", rising=False, settle_s=10)
OK, HOLD, PAUSE = Level


def run(rule: Rule, values: Sequence[float | None], *, every_s: float = 10) -> list[Level]:
    """How a rule stands after each of some looks."""
    standing, levels = Standing(), []
    for number, value in enumerate(values):
        standing = judge(rule, standing, value, now=1_000 + number * every_s)
        levels.append(standing.level)
    return levels


def test_a_card_that_warms_up_and_cools_down_is_held_then_paused_then_goes_on() -> None:
    up = [70, 82, 83, 85, 88, 90]
    down = [85, 80, 77, 76, *[70] * 6]

    levels = run(WARM, [*up, *down])

    assert levels[:6] == [OK, OK, HOLD, HOLD, PAUSE, PAUSE]
    # at rest until it has been at 76 or below for a minute
    assert levels[6:] == [*[PAUSE] * 9, OK]


def test_one_warm_look_begins_the_rest_anew() -> None:
    assert run(WARM, [84, 70, 70, 70, 70, 78, 70, 70, 70, 70, 70, 70, 70]) == [*[HOLD] * 12, OK]


def test_between_its_limits_it_stays_as_it_was() -> None:
    assert run(WARM, [80, 80, 84, 80, 80]) == [OK, OK, HOLD, HOLD, HOLD]


def test_what_is_the_worse_the_lower_is_held_below() -> None:
    assert run(FREE, [900, 600, 700, 800, 900, 900]) == [OK, HOLD, HOLD, HOLD, OK, OK]


def test_what_is_not_known_holds_nothing_back() -> None:
    assert run(WARM, [None, None, None]) == [OK, OK, OK]
    assert run(FREE, [None]) == [OK]  # it isn't taken for nothing


def test_what_is_no_longer_known_is_let_go_after_a_while() -> None:
    standing = judge(WARM, Standing(), 90, now=0)
    standing = judge(WARM, standing, None, now=10)
    assert (standing.level, standing.value) == (PAUSE, 90)

    assert judge(WARM, standing, None, now=70).level == OK


def test_a_clock_that_was_set_back_holds_nothing_for_longer() -> None:
    standing = judge(WARM, Standing(), 90, now=10_000)
    standing = judge(WARM, standing, 70, now=10_010)
    standing = judge(WARM, standing, 70, now=100)  # set back

    assert judge(WARM, standing, 70, now=160).level == OK


def test_since_when_is_kept_through_all_of_it() -> None:
    standing = Standing()
    for now, value in ((5, 84), (10, 90), (15, 70), (20, 84)):
        standing = judge(WARM, standing, value, now=now)

    assert (standing.since, standing.calm_since, standing.level) == (5, None, PAUSE)


@pytest.mark.parametrize(
    ("rule", "value", "text", "resumes"),
    [
        (WARM, 84, "RTX: the temperature is 84 °C", "goes on at 76 °C or below for 60 s"),
        (FREE, 512.4, "RTX: the free memory is 512 MB", "goes on at 800 MB or more for 10 s"),
        (
            Rule("lost", "the card is lost", 1, 0, settle_s=0, resumes="it answers again"),
            1, "RTX: the card is lost", "goes on when it answers again",
        ),
    ],
)  # fmt: skip
def test_it_is_said_with_what_it_waits_for(
    rule: Rule, value: float, text: str, resumes: str
) -> None:
    told = held(rule, judge(rule, Standing(), value, now=7), card="GPU-1", card_name="RTX")

    assert (told.text, told.resumes, told.since) == (text, resumes, 7)
    assert Held.from_json(told.to_json()) == told


def test_a_pause_names_the_limit_that_was_reached() -> None:
    assert held(WARM, judge(WARM, Standing(), 90, now=0)).limit == 88
    assert held(WARM, judge(WARM, Standing(), 84, now=0)).limit == 83
