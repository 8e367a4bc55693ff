//! Tests Redis with a limit on its memory.

use std::time::Duration;

use safe_state::backend::redis_driver::{Client, cmd};
use safe_state::backend::{Backend, RedisBackend};
use safe_state_tests::remote::told;
use safe_state_tests::servers::{Kind, Server};

fn set(server: &Server, name: &str, value: &str) {
    let mut connection = Client::open(server.url()).unwrap().get_connection().unwrap();
    cmd("CONFIG").arg("SET").arg(name).arg(value).exec(&mut connection).unwrap();
}

#[test]
fn a_server_that_removes_what_does_not_expire_is_refused() {
    let server = Server::start(Kind::Redis);
    let backend = RedisBackend::new(&server.url()).unwrap().retry_time(Duration::ZERO);
    backend.save("job", b"saved").unwrap();
    set(&server, "maxmemory", "64mb");
    for policy in ["allkeys-lru", "allkeys-lfu", "allkeys-random"] {
        set(&server, "maxmemory-policy", policy);
        let backend = RedisBackend::new(&server.url()).unwrap();
        for _ in 0..2 {
            let refused = told(&backend.save("job", b"new").unwrap_err());
            assert!(refused.contains(policy) && refused.contains("noeviction"), "{refused}");
        }
        assert_eq!(backend.load("job").unwrap().unwrap(), b"saved");
        assert!(backend.holder("job").unwrap().is_none());
        set(&server, "maxmemory-policy", "volatile-lru");
        backend.save("job", b"saved").unwrap();
    }
    set(&server, "maxmemory-policy", "allkeys-lru");
    set(&server, "maxmemory", "0");
    RedisBackend::new(&server.url()).unwrap().save("job", b"new").unwrap();
}
