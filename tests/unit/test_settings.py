from __future__ import annotations

import pytest

from bot.errors import SettingsInvalid
from bot.settings import load_settings, setting_names


def test_the_defaults_stand_without_any_environment() -> None:
    settings = load_settings({})
    assert settings.server.port == 7860
    assert settings.models.generator == "embedded"


def test_nested_settings_are_read_with_double_underscores() -> None:
    settings = load_settings({"FRONTDESK_SERVER__PORT": "9000", "FRONTDESK_ANSWERS__GENERATE": "false"})
    assert settings.server.port == 9000
    assert settings.answers.generate is False


def test_lists_are_written_with_commas() -> None:
    settings = load_settings({"FRONTDESK_WEB__FRAME_ANCESTORS": "https://a.example, https://b.example"})
    assert settings.web.frame_ancestors == ("https://a.example", "https://b.example")


def test_an_unknown_name_is_refused_and_the_nearest_known_one_named() -> None:
    with pytest.raises(SettingsInvalid, match=r"FRONTDESK_SERVER__PROT.*FRONTDESK_SERVER__PORT"):
        load_settings({"FRONTDESK_SERVER__PROT": "9000"})


def test_a_value_that_does_not_fit_names_its_setting() -> None:
    with pytest.raises(SettingsInvalid, match="FRONTDESK_SERVER__PORT='many'"):
        load_settings({"FRONTDESK_SERVER__PORT": "many"})


def test_an_empty_value_is_the_default() -> None:
    assert load_settings({"FRONTDESK_HOME": "", "FRONTDESK_COMPANY": " "}) == load_settings({})


def test_other_programs_variables_are_left_alone() -> None:
    assert load_settings({"PATH": "/bin", "FRONT": "x"}) == load_settings({})


def test_every_setting_says_what_it_is() -> None:
    assert [name for name, _, description in setting_names() if not description] == []
