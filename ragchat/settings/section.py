"""What all sections of settings share."""

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, PrivateAttr, SecretStr, ValidationInfo, field_validator


class SettingsSection(BaseModel):
    """Settings of one component: it receives this and never the whole."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True, validate_default=True
    )

    @field_validator("*", mode="before")
    @classmethod
    def _plain(cls, value: object, info: ValidationInfo) -> object:
        # TOML has booleans, and pydantic would read true as 1.
        if isinstance(value, bool) and cls.model_fields[info.field_name or ""].annotation is not bool:
            raise ValueError("this setting is neither true nor false")
        return value.strip() if isinstance(value, str) else value


class KeyedSection(SettingsSection):
    """Settings of a server that wants a key; each section says what its own two are."""

    api_key: SecretStr | None = None
    base_url: str = ""

    _key_withheld: str | None = PrivateAttr(default=None)

    @field_validator("api_key")
    @classmethod
    def _without_quotes(cls, key: SecretStr | None) -> SecretStr | None:
        text = key.get_secret_value().strip() if key else ""
        if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
            text = text[1:-1].strip()
        return SecretStr(text) if text else None

    @property
    def key(self) -> str | None:
        """The key in clear text, for whoever sends it."""
        return self.api_key.get_secret_value() if self.api_key else None

    @property
    def key_withheld(self) -> str | None:
        """Why a key that was found is not in `api_key`, in one sentence; nobody can set this."""
        return self._key_withheld

    def without_key(self, reason: str) -> Self:
        """The same settings with the key taken out, and `reason` in `key_withheld`."""
        keyless = self.model_copy(update={"api_key": None})
        keyless._key_withheld = reason
        return keyless


def expanded_path(path: str) -> str:
    """`path` with the home folder in place of its `~`; raises `ValueError`."""
    try:
        return str(Path(path).expanduser())
    except RuntimeError as error:
        raise ValueError("a user nobody knows") from error
