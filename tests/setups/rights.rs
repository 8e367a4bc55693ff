//! Tests users of Redis with the rights that the documentation names, and with fewer.

use std::time::Duration;

use safe_state::backend::redis_driver::{Client, cmd};
use safe_state::backend::{Backend, RedisBackend};
use safe_state_tests::remote::told;
use safe_state_tests::servers::{Kind, Server};

/// Makes a user with only these rights, on our keys alone, and returns a backend of this user.
fn user(server: &Server, name: &str, rights: &str, database: u8) -> RedisBackend {
    let mut connection = Client::open(server.url()).unwrap().get_connection().unwrap();
    let mut command = cmd("ACL");
    command.arg("SETUSER").arg(name).arg("on").arg(">hush").arg("~{safe_state}*");
    for right in rights.split_whitespace() {
        command.arg(right);
    }
    command.exec(&mut connection).unwrap();
    let url = format!("redis://{name}:hush@{}/{database}", server.address());
    RedisBackend::new(&url).unwrap().retry_time(Duration::ZERO)
}

fn works(backend: &RedisBackend, name: &str) {
    crate::goes_on(&(std::sync::Arc::new(backend.clone()) as _), name);
    backend.save(name, b"a").unwrap();
    assert_eq!(backend.list().unwrap(), [name]);
    assert!(backend.holder(name).unwrap().is_none());
    backend.delete(name).unwrap();
}

#[test]
fn the_rights_that_are_documented_suffice() {
    let documented = include_str!("../../docs/guide/backends.md");
    let server = Server::start(Kind::Redis);
    let rights = "+@scripting +@hash +@list +@keyspace +time";
    for text in [rights, "+select", "+waitaof"] {
        assert!(documented.contains(&format!("`{text}`")), "{text}");
    }
    works(&user(&server, "first", rights, 0), "first");
    works(&user(&server, "second", &format!("{rights} +select"), 1), "second");
    works(&user(&server, "timeless", "+@scripting +@hash +@list +@keyspace", 0), "timeless");
}

/// A missing right is told, and nothing that was saved is lost.
#[test]
fn a_right_that_is_missing_is_told() {
    let server = Server::start(Kind::Redis);
    let all = "+@scripting +@hash +@list +@keyspace +time";
    for missing in ["ltrim", "rpush", "hset", "lrange", "evalsha", "exists"] {
        user(&server, "all", all, 0).save("job", b"saved").unwrap();
        let poor = user(
            &server,
            "poor",
            &format!("resetpass reset on >hush ~{{safe_state}}* {all} -{missing}"),
            0,
        );
        let errors = [poor.save("job", b"new").err(), poor.load("job").err(), poor.list().err()];
        assert!(errors.iter().any(Option::is_some), "{missing}");
        for error in errors.iter().flatten() {
            let text = told(error).to_lowercase();
            assert!(text.contains("permission") || text.contains("can't run"), "{missing}: {text}");
        }
        let stored = user(&server, "all", all, 0).load("job").unwrap().unwrap();
        assert!(
            stored == b"saved" || stored == b"new" && errors[0].is_none(),
            "{missing}: {stored:?}"
        );
    }
    let second = told(&user(&server, "all", all, 1).load("job").unwrap_err());
    assert!(second.contains("select"), "{second}");
}
