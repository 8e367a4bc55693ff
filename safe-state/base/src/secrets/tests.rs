use super::names::is_secret;
use super::*;

/// Texts with `LEAK` in place of a secret. The secret has several words where that is possible.
const SECRET: &[&str] = &[
    // URLs
    "postgres://me:LEAK@db:5432/jobs",
    "at postgres://me:LE:LEAK@LEAK@db:5432/jobs?x=1, and more",
    "postgres://me:x/LEAK@db/jobs",
    "postgres://me:x?LEAK@db/jobs",
    "postgres://me:x#LEAK@db/jobs",
    "postgres://me:xLEAK",
    "redis://:LEAK@cache/0",
    "redis://:x,LEAK@cache/0",
    "https://LEAK@github.com/me/it",
    "https://ghp_0123456789abcdefLEAK:x-oauth-basic@github.com/me/it",
    "mongodb+srv://me:LEAK@a:1,b:2/db?authSource=admin",
    "postgres://a:LEAK@h/d,postgres://b:LEAK@h/tokens",
    "a=postgres://a:LEAK@h/d;b=postgres://b:LEAK@h/tokens",
    "amqp://me:LEAK@mq:5672/%2f and redis://:LEAK@c",
    "jdbc:postgresql://h/d?user=me&password=LEAK",
    "jdbc:mysql://me:LEAK@h/d",
    "jdbc:sqlserver://h:1433;databaseName=d;user=sa;password=LEAK;encrypt=true",
    "postgres://u:LEAK@h/d?password=LEAK",
    "https://user:LEAK@host/login?session=1",
    "https://h/x?token=LEAK",
    "https://h/x?a=1&access_token=LEAK&b=2#top",
    "https://h/callback#access_token=LEAK&token_type=bearer",
    "https://h/x?api_key=LEAK",
    "https://maps.example/api?key=LEAK&q=1",
    "https://blob.example/c?sv=2020&sig=LEAK%3D&se=1",
    "https://s3.example/o?X-Amz-Signature=LEAK&X-Amz-Security-Token=LEAK",
    "https://h/x?p%61ssword=LEAK",
    "https://h/x?next=https%3A%2F%2Fme%3ALEAK%40h%2F&q=1",
    "https://h/x?next=https://me:LEAK@h/&q=1",
    "https://[::1]:8080/x?password=LEAK",
    // Connection strings
    "host=h user=me password=LEAK dbname=d",
    "host=h user=me password='LEAK LEAK' dbname=d",
    r"host=h password='x\' LEAK' dbname=d",
    "host=h password='x'' LEAK' dbname=d",
    "password = LEAK host = h",
    "--conn=host=h password=LEAK",
    "Server=h;User Id=sa;Password=LEAK;Encrypt=yes",
    "Server=h;User Id=sa;Password=x LEAK;Encrypt=yes",
    "Password=x LEAK;Server=h",
    "Driver={ODBC};Server=h;UID=sa;PWD={x}} LEAK};",
    "AccountName=a;AccountKey=LEAK==;EndpointSuffix=core",
    "Endpoint=sb://h/;SharedAccessKeyName=root;SharedAccessKey=LEAK=",
    // Flags and assignments
    "--password=LEAK",
    "--password:LEAK",
    "--db-password LEAK",
    "run with --token LEAK failed",
    "--api-key=\"x LEAK\"",
    "PGPASSWORD=LEAK psql",
    "AWS_SECRET_ACCESS_KEY=LEAK",
    "GITHUB_TOKEN: LEAK",
    "user=me,password=LEAK,host=h",
    "user=me, pw=LEAK, host=h",
    "grant_type=password&username=me&password=LEAK",
    "dbPassword=LEAK",
    "password1=LEAK",
    "auth=LEAK",
    "bearer: LEAK",
    // JSON and the like
    r#"{"user":"me","password":"LEAK","host":"h"}"#,
    r#"{"password": "x\" LEAK", "host": "h"}"#,
    r#"{"tokens": ["LEAK", "LEAK"], "n": 1}"#,
    r#"{"auth": {"user": "me", "key": "LEAK"}, "n": 1}"#,
    r#""{\"password\":\"LEAK\",\"n\":1}""#,
    r#""{\"password\":\"x\\\" LEAK\",\"n\":1}""#,
    "password: LEAK\nhost: h",
    "  - password: LEAK\n",
    "password: correct horse LEAK",
    "<password>LEAK</password>",
    "[db]\npassword = \"LEAK\"\n",
    "config[\"password\"] = \"LEAK\"",
    // What programs print
    "Config { host: \"h\", password: \"LEAK\" }",
    "Config { host: \"h\", password: Some(\"LEAK\") }",
    "Config {\n    auth: Auth {\n        user: \"me\",\n        key: \"LEAK\",\n    },\n}",
    "Password(\"LEAK\")",
    "[(\"user\", \"me\"), (\"password\", \"LEAK\")]",
    "{\"password\" => \"LEAK\"}",
    "Config{token=LEAK}",
    "invalid password: LEAK",
    "the server refused the access token: LEAK",
    "API key: LEAK",
    "cannot connect (postgres://me:LEAK@db/jobs): refused",
    "command `psql postgres://me:LEAK@db` failed",
    // Headers
    "Authorization: Bearer LEAK",
    "authorization=Bearer LEAK",
    "Authorization: Basic LEAK==",
    "curl -H 'Authorization: Bearer LEAK' https://h",
    "Authorization: Digest username=\"me\", response=\"LEAK\"",
    "Cookie: a=LEAK; b=LEAK",
    "Set-Cookie: sid=LEAK; Path=/",
    "X-Api-Key: LEAK",
    "GET / HTTP/1.1\r\nAuthorization: Bearer LEAK\r\nHost: h",
    "{\"authorization\": \"Bearer LEAK\"}",
    "the request had Bearer LEAK-1",
    "Proxy-Authorization: LEAK",
];

/// Texts without a secret, although they look like one.
const PLAIN: &[&str] = &[
    "tokens = 3",
    "tokens: 3",
    "max_tokens=4096",
    "token_count=12",
    "session_count: 7",
    "author=Jane Doe",
    "authors: 3",
    "authority = db",
    "/home/me/password/file",
    "cannot open `/run/secrets/db-password`",
    "/run/secrets:/run/secrets",
    "--password-file=/run/secrets/db",
    "--token-url=https://h/token",
    "password_policy=strict",
    "authSource=admin",
    "secretary=Jane",
    "compass=north",
    "bypass=true",
    "tokenizer: fast",
    "key=value",
    "primary_key: 7",
    "sort key: name",
    "monkey=1",
    "http://a.example/@b",
    "http://a.example:8080/@b",
    "https://medium.example/@me/post",
    "ssh://git@github.com/me/it",
    "git@github.com:me/it",
    "redis://[::1]:6379/0",
    "redis://a:6379,b:6379/0",
    "it is `postgres://HOST:PORT/DATABASE`",
    "mailto:me@example.org",
    "image:1.2@sha256:0123",
    "auth::login::check",
    "src/auth.rs:14:9",
    "unexpected token: `}`",
    "wrong password: access denied",
    "the token has expired",
    "bearer token expired",
    "Basic Authentication is required",
    "give --password or --token",
    "connection refused: auth:8080",
    "if token == expected { }",
    "100 % of 3 = 3",
    "a = b, c: d; e",
    "",
];

#[test]
fn a_secret_is_found_in_whatever_form() {
    for text in SECRET {
        for shown in [masked(text), masked_value("it", text)] {
            assert!(!shown.contains("LEAK"), "{text} is shown as {shown}");
            assert!(shown.contains(MASK), "{text} is shown as {shown}");
            assert_eq!(masked(&shown), shown, "of {text}");
        }
    }
}

#[test]
fn an_address_may_have_no_scheme() {
    assert_eq!(masked_value("it", "me:x@tcp(db:3306)/jobs"), "me:***@tcp(db:3306)/jobs");
    assert_eq!(masked_value("it", "\"me:x@db/jobs\""), "\"me:***@db/jobs\"");
}

#[test]
fn what_is_no_secret_stays() {
    for text in PLAIN {
        assert_eq!(masked_value("it", text), *text);
    }
}

#[test]
fn the_rest_of_a_text_stays() {
    for (text, shown) in [
        (
            "at postgres://me:s3:cr@t@db:5432/jobs?x=1, and http://a.example/@b",
            "at postgres://me:***@db:5432/jobs?x=1, and http://a.example/@b",
        ),
        ("host=h password='a b' dbname=d", "host=h password='***' dbname=d"),
        ("user=me,password=x,host=h", "user=me,password=***,host=h"),
        ("Config { password: Some(\"x\"), n: 1 }", "Config { password: ***, n: 1 }"),
        (r#"{"password":"x","host":"h"}"#, r#"{"password":"***","host":"h"}"#),
        ("https://h/x?token=x&b=2#top", "https://h/x?token=***&b=2#top"),
        ("Authorization: Bearer x\r\nHost: h", "Authorization: ***\r\nHost: h"),
        ("Server=h;Password=a b;Encrypt=yes", "Server=h;Password=***;Encrypt=yes"),
    ] {
        assert_eq!(masked(text), shown);
    }
}

#[test]
fn secrets_are_known_by_their_names() {
    for name in [
        "password",
        "DB_PASSWD",
        "api-key",
        "x-Api_Key",
        "accessToken",
        "Set-Cookie",
        "pw",
        "auth",
        "bearer",
        "jwt",
        "clientSecret",
        "APIKey",
        "PGPASSWORD",
        "MYSQL_PWD",
        "authtoken",
        "sessionId",
        "tokens",
        "pass",
        "sharedAccessKey",
        "credentials",
        "passphrase",
        "password_old",
        "X-Amz-Security-Token",
        "token2",
    ] {
        assert!(is_secret(name), "{name}");
    }
    for name in [
        "user",
        "key",
        "path",
        "monkey",
        "author",
        "authority",
        "session_count",
        "token_count",
        "tokenizer",
        "secretary",
        "password_file",
        "compass",
        "no_password",
        "authorized",
        "keys",
        "primary_key",
        "passes",
        "",
        "-",
        "token_type",
    ] {
        assert!(!is_secret(name), "{name}");
    }
    assert_eq!(masked_value("tokens", "3"), "3");
    assert_eq!(masked_value("tokens", "abc"), MASK);
    assert_eq!(masked_value("password", "1234"), MASK);
}

#[test]
fn a_command_line_keeps_its_secrets() {
    for (line, shown) in [
        (
            "job|--password|LEAK|--token=LEAK|KEY_SECRET=LEAK|redis://:LEAK@h/0|-v",
            "job --password *** --token=*** KEY_SECRET=*** redis://:***@h/0 -v",
        ),
        ("job|--max-tokens|4096|--token-count|3", "job --max-tokens 4096 --token-count 3"),
        ("job|--conn=host=h password=LEAK", "job --conn=host=h password=***"),
        ("job|--password:LEAK|-x", "job --password:*** -x"),
        ("job|-ume|-pLEAK|-h|db", "job -ume -p*** -h db"),
        ("job|-u|me|-p|LEAK|db", "job -u me -p *** db"),
        ("job|-p8080|-parallel", "job -p8080 -parallel"),
        ("job|-u|me:LEAK|--user=me:LEAK", "job -u me:*** --user=me:***"),
        ("job|-H|Authorization: Bearer LEAK|x", "job -H Authorization: *** x"),
        ("job|-H|Authorization:|Bearer|LEAK|x", "job -H Authorization: *** *** x"),
        ("job|me:LEAK@db/jobs|me@db", "job me:***@db/jobs me@db"),
    ] {
        let arguments = line.split('|').map(str::to_owned);
        assert_eq!(command_line(arguments), shown);
    }
}

#[test]
fn what_is_cut_shows_no_part_of_a_secret() {
    let url = format!("{}postgres://me:LEAK@db", "x ".repeat(24));
    for limit in 40..80 {
        let shown = bounded_and_masked(limit, format_args!("{url}"));
        assert!(!shown.contains("LEAK") && !shown.contains(":LEA"), "{shown}");
    }
}

#[test]
fn no_text_is_too_odd() {
    let parts = [
        "://",
        "a=%",
        "password=",
        "(",
        "\"",
        "Password(",
        "%3A",
        ":",
        ",",
        "ä",
        "\\\"",
        "{",
        "Bearer ",
        "--token ",
        "'",
        "key ",
        "=%25",
        "&",
        "a",
        " ",
        "://a@",
    ];
    for first in parts {
        for second in parts {
            let part = format!("{first}{second}");
            let text = part.repeat(20 * 1024 / part.len());
            let _ = masked(&text);
        }
    }
}
