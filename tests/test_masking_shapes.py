"""Secrets in the words of others: each shape in which one comes is masked whole, and ordinary words stay."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fixtures.failure.masking import mask, values_of
from fixtures.failure.shapes import is_secret_name

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhY2QifQ.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("      AWS_SECRET_ACCESS_KEY:   wJalr/XUtn", "      AWS_SECRET_ACCESS_KEY:   ***"),
        ("API_KEY: hunter22x", "API_KEY: ***"),
        ("      POSTGRES_PASS:  hunter22x\n      PORT:  8080", "      POSTGRES_PASS:  ***\n      PORT:  8080"),
        ("ZITADEL_MASTERKEY: hunter22x", "ZITADEL_MASTERKEY: ***"),
        ("      LICENSE_KEY:  two words", "      LICENSE_KEY:  ***"),
        ("redis-server --requirepass hunter22x --hz 10", "redis-server --requirepass *** --hz 10"),
        ("    Args:\n      --requirepass\n      hunter22x\n    State:",
         "    Args:\n      --requirepass\n      ***\n    State:"),
        ('["redis-server", "--requirepass", "hunter22x", "--hz"]', '["redis-server", "--requirepass", "***", "--hz"]'),
        ('["--requirepass","hunter22x","--hz"]', '["--requirepass","***","--hz"]'),
        ("--db-password=hunter22x --port=1", "--db-password=*** --port=1"),
        ("redis-cli -h db -a hunter22x ping", "redis-cli -h db -a *** ping"),
        ("requirepass hunter22x\nport 6379", "requirepass ***\nport 6379"),
        (r'{"msg": "{\"password\": \"hunter 22x\", \"user\": \"bob\"}"}',
         r'{"msg": "{\"password\": \"***\", \"user\": \"bob\"}"}'),
        (f"got Bearer {JWT} from it", "got Bearer *** from it"),
        (f"cookie jar held {JWT}.", "cookie jar held ***."),
        ("X-Api-Key: hunter22x", "X-Api-Key: ***"),
        ("Set-Cookie: id=hunter22x; Path=/; HttpOnly\nnext", "Set-Cookie: ***\nnext"),
        ('{"Cookie": "id=a; b=c", "n": 1}', '{"Cookie": "***", "n": 1}'),
        ("postgresql://acd:hun/ter@db/x", "postgresql://acd:***@db/x"),
        ("postgresql://acd:hun@ter@db/x", "postgresql://acd:***@db/x"),
        ("a://u:one@h1,b://u:two@h2", "a://u:***@h1,b://u:***@h2"),
        ("password=hunter,22x", "password=***"),
        ("password=hunter&22x next", "password=*** next"),
        ("password=hun}ter22x", "password=***"),
        ('password: "correct horse"', 'password: "***"'),
        ("password='correct horse', user=bob", "password='***', user=bob"),
        (r'{"password": "a\"b c"}', '{"password": "***"}'),
        ('{"msg":"login password=hunter22x","user":"bob"}', '{"msg":"login password=***","user":"bob"}'),
        ("{password=hunter22x}, {user=bob}", "{password=***}, {user=bob}"),
        ("map[password:hunter22x user:bob]", "map[password:*** user:bob]"),
        ("password=[hunter22x next", "password=*** next"), ("password=true-horse", "password=***"),
        ('{"password": "unfinished', '{"password": "***'),
        ('Authorization: Digest username="me", nonce="1"\nnext', "Authorization: ***\nnext"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\nab==\n-----END RSA PRIVATE KEY-----",
         "-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----"),
    ],
)  # fmt: skip
def test_a_secret_is_masked_whole(text: str, masked: str) -> None:
    assert mask(text, []) == masked


def test_a_key_in_a_secret_does_not_hide_where_another_key_begins() -> None:
    frame = "-----{} PRIVATE KEY-----"
    ours, other = (
        "\n".join([frame.format("BEGIN"), body * 4, frame.format("END")]) for body in ("b3VyIGtleQ", "b3RoZXI")
    )
    values = values_of([{"data": {"tls.key": base64.b64encode(ours.encode()).decode()}}])
    assert "b3RoZXI" not in mask(f"loaded\n{other}\n", values)
    assert "b3VyIGtleQ" not in mask(f"loaded\n{ours}\nand {'b3VyIGtleQ' * 4}", values)


@pytest.mark.parametrize(
    "text",
    [
        "      DB_PASSWORD:  <set to the key 'password' in secret 'db'>  Optional: false",
        "    SecretName:  acd-tls", "TokenExpirationSeconds:  3607", "POSTGRES_PASSWORD_FILE:  /var/run/secrets/x",
        "bypass: true", "compass: north", "basic authentication of the bearer certificates",
        "docker-pullable://registry:5000/acd/gateway@sha256:0123", "http://host:80/x", "key: value", "Tokens:\n  next",
        "Normal  Pulled  pod/gateway-1  Container image already present", "--token-ttl 5",
        "RequestHeader(apiKey=BROKER_HEARTBEAT, apiVersion=1)",
        "--use-service-account-credentials=true", '"tokens": [', "password=, user=bob",
        'secret: {"name": "db"}', "secretKeyRef: {name: db}",
    ],
)  # fmt: skip
def test_ordinary_words_stay(text: str) -> None:
    assert mask(text, []) == text


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("DB_PASSWORD", True), ("DB_PASSWORD_PROD", True), ("POSTGRES_PASS", True), ("ZITADEL_MASTERKEY", True),
        ("X-Api-Key", True), ("Authorization", True), ("tokens2", True), ("POSTGRES_PASSWORD_FILE", False),
        ("SECRET_NAME", False), ("PORT", False), ("COMPASS", False), ("KAFKA_BOOTSTRAP", False), ("timeout", False),
    ],
)  # fmt: skip
def test_a_name_says_whether_it_is_a_secret(name: str, secret: bool) -> None:
    assert is_secret_name(name) is secret


NAMES = st.sampled_from(
    ["password", "DB_PASSWORD", "AWS_SECRET_ACCESS_KEY", "api-key", "POSTGRES_PASS", "authToken", "db.passwd"]
)
WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=4, max_size=30)
SENTENCES = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=8, max_size=30).filter(str.strip)


@given(name=NAMES, value=SENTENCES, deep=st.integers(1, 3))
@example(name="password", value='correct" horse\\', deep=2)
@settings(deadline=None)
def test_a_value_in_json_is_masked_whole_however_deep_it_is_quoted(name: str, value: str, deep: int) -> None:
    text = json.dumps({"user": "bob", name: value, "next": 1})
    for _ in range(deep - 1):
        text = json.dumps({"log": text})
    found = mask(text, [])
    quoted = text[text.index(name) :][len(name) :]
    assert quoted.split("bob")[0] not in found
    for part in value.split():
        assert len(part) < 6 or part in f"{name} user bob next log" or part not in found


@given(
    name=NAMES,
    value=WORDS.filter(lambda word: word[0].isalnum() and word.lower() not in {"true", "false", "none", "null"}),
)
@settings(deadline=None)
def test_a_value_on_a_line_of_its_own_is_masked_whole(name: str, value: str) -> None:
    assert mask(f"one\n      {name}:  {value}\nlast", []) == f"one\n      {name}:  ***\nlast"


@given(value=st.from_regex(r"[A-Za-z0-9]{3,8}[,&;:/@!}\])%+#=-][A-Za-z0-9]{3,8}", fullmatch=True))
@settings(deadline=None)
def test_punctuation_in_a_value_does_not_end_it(value: str) -> None:
    assert mask(f"password={value} user=bob", []) == "password=*** user=bob"
    assert mask(f"--requirepass {value} --hz 10", []) == "--requirepass *** --hz 10"


@given(user=st.sampled_from(["acd", ""]), value=st.from_regex(r"[A-Za-z0-9/@:!#$%&*+,;=?~_.-]{3,20}", fullmatch=True))
@settings(deadline=None)
def test_the_password_of_an_address_is_masked_whole(user: str, value: str) -> None:
    assert mask(f"at postgresql://{user}:{value}@db:5432/x now", []) == f"at postgresql://{user}:***@db:5432/x now"
