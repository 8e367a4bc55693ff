//! The scripts that the server runs in one step.

use ::redis::{
    Cmd, Connection, ErrorKind, FromRedisValue, RedisResult, Script, ServerErrorKind, ToRedisArgs,
    cmd,
};

/// All scripts.
pub(super) struct Scripts {
    pub(super) load: Lua,
    pub(super) acquire: Lua,
    pub(super) held_by: Lua,
    pub(super) resume: Lua,
    pub(super) release: Lua,
    pub(super) held: HeldScripts,
}

/// The scripts that begin with a check of the lease.
pub(super) struct HeldScripts {
    pub(super) renew: Lua,
    pub(super) load: Lua,
    pub(super) save: Lua,
    pub(super) append: Lua,
    pub(super) delete: Lua,
}

/// A script, with the hash by which a server knows it after its first run.
pub(super) struct Lua {
    code: &'static str,
    hash: String,
}

impl Lua {
    fn new(code: &'static str) -> Self {
        Lua { code, hash: Script::new(code).get_hash().to_owned() }
    }

    pub(super) fn on(&'static self, keys: &[String]) -> Call {
        Call { script: self, keys: keys.to_vec(), values: Vec::new() }
    }
}

/// A script with its keys and arguments.
pub(super) struct Call {
    script: &'static Lua,
    keys: Vec<String>,
    values: Vec<Vec<u8>>,
}

impl Call {
    pub(super) fn arg(mut self, value: impl ToRedisArgs) -> Self {
        self.values.extend(value.to_redis_args());
        self
    }

    /// Runs the script by its hash. If the server does not know the script, sends it.
    pub(super) fn run<T: FromRedisValue>(&self, connection: &mut Connection) -> RedisResult<T> {
        match self.command("EVALSHA", &self.script.hash).query(connection) {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                self.run_untold(connection)
            }
            answer => answer,
        }
    }

    /// Runs the script in one command that contains it, on a server that may not know it.
    pub(super) fn run_untold<T: FromRedisValue>(&self, on: &mut Connection) -> RedisResult<T> {
        self.command("EVAL", self.script.code).query(on)
    }

    fn command(&self, name: &str, script: &str) -> Cmd {
        let mut command = cmd(name);
        command.arg(script).arg(self.keys.len()).arg(&self.keys).arg(&self.values);
        command
    }
}

macro_rules! script {
    ($($file:literal),*) => {
        Lua::new(concat!($(include_str!($file)),*))
    };
}

impl Scripts {
    pub(super) fn new() -> Self {
        Scripts {
            load: script!("load.lua"),
            acquire: script!("clock.lua", "role.lua", "acquire.lua"),
            held_by: script!("clock.lua", "held_by.lua"),
            resume: script!("clock.lua", "role.lua", "resume.lua"),
            release: script!("release.lua"),
            held: HeldScripts {
                renew: script!("clock.lua", "claim.lua", "renew.lua"),
                load: script!("clock.lua", "claim.lua", "load.lua"),
                save: script!("clock.lua", "claim.lua", "save.lua"),
                append: script!("clock.lua", "claim.lua", "append.lua"),
                delete: script!("clock.lua", "claim.lua", "delete.lua"),
            },
        }
    }
}
