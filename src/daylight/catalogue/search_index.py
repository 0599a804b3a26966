"""The full-text index over segments: FTS5 on SQLite, GIN on PostgreSQL. Triggers keep it.

Both compare folded words and stems as we make them, so that a search finds the same on either.
"""

from collections.abc import Iterable
from typing import Any, Final

from django.db import connection

from daylight.domain.search import Query

FTS: Final = "catalogue_segment_fts"

# Rows know both columns, the index nothing but where words are ("external content").
_COLUMNS = "folded, stems"
_TABLE = (
    f"CREATE VIRTUAL TABLE {FTS} USING fts5({_COLUMNS}, content='catalogue_segment', "
    "content_rowid='id', tokenize='unicode61 remove_diacritics 0', prefix='1 2 3')"
)
_IN = f"INSERT INTO {FTS}(rowid, {_COLUMNS}) VALUES (new.id, new.folded, new.stems)"  # noqa: S608
_OLD = "'delete', old.id, old.folded, old.stems"
_OUT = f"INSERT INTO {FTS}({FTS}, rowid, {_COLUMNS}) VALUES ({_OLD})"  # noqa: S608
SQLITE: Final = (
    _TABLE,
    f"CREATE TRIGGER segment_in AFTER INSERT ON catalogue_segment BEGIN {_IN}; END",
    f"CREATE TRIGGER segment_out AFTER DELETE ON catalogue_segment BEGIN {_OUT}; END",
)
SQLITE_BACK: Final = (
    "DROP TRIGGER segment_in",
    "DROP TRIGGER segment_out",
    f"DROP TABLE {FTS}",
)
POSTGRES: Final = tuple(
    f"CREATE INDEX segment_{column}_words ON catalogue_segment "
    f"USING gin (to_tsvector('simple', {column}))"
    for column in ("folded", "stems")
)
POSTGRES_BACK: Final = ("DROP INDEX segment_folded_words", "DROP INDEX segment_stems_words")


def install(_: object, schema_editor: Any) -> None:
    """As a migration wants it."""
    sqlite = schema_editor.connection.vendor == "sqlite"
    _execute(schema_editor, SQLITE if sqlite else POSTGRES)


def remove(_: object, schema_editor: Any) -> None:
    sqlite = schema_editor.connection.vendor == "sqlite"
    _execute(schema_editor, SQLITE_BACK if sqlite else POSTGRES_BACK)


def rebuild() -> None:
    """Make SQLite's index anew out of the rows; PostgreSQL's goes with the rewriting of its table."""
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {FTS}({FTS}) VALUES ('rebuild')")  # noqa: S608


def _execute(schema_editor: Any, statements: Iterable[str]) -> None:
    for statement in statements:
        schema_editor.execute(statement)


def fts5_match(query: Query, stemmed: Query) -> str:
    """An FTS5 expression. ``stemmed``: the same query with its words and what it excludes as stems.

    Nothing but letters and digits is in a token, so that nothing of it can be an operator.
    """
    wanted = [f'stems : "{one}"' for one in stemmed.words]
    wanted += [f'folded : "{" ".join(one)}"' for one in query.phrases]
    wanted += [f'folded : "{one}" *' for one in query.beginnings]
    text = " AND ".join(f"({one})" for one in wanted)
    for one in stemmed.without:
        text = f'({text}) NOT (stems : "{one}")'
    return text


def postgres_match(query: Query, stemmed: Query) -> tuple[str, str]:
    """Two texts for ``to_tsquery('simple', …)``: over stems, over folded words; empty asks nothing."""
    stems = [f"'{one}'" for one in stemmed.words] + [f"!'{one}'" for one in stemmed.without]
    folded = ["(" + " <-> ".join(f"'{one}'" for one in phrase) + ")" for phrase in query.phrases]
    folded += [f"'{one}':*" for one in query.beginnings]
    return " & ".join(stems), " & ".join(folded)
