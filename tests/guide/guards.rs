//! Runs the guide's code on guards: what is rescued of a program that dies.

use std::fs;
use std::process;

use safe_state::guard::{Data, GuardError, Rescue, recover};

use super::world::in_a_process;

/// Imports rows, and kills the process at the third.
fn import(data: &Data) -> Result<(), GuardError> {
    for row in 1..=3_u64 {
        data.insert("row", row)?;
        if row == 3 {
            process::abort();
        }
    }
    Ok(())
}

mod in_short {
    use super::import;
    use safe_state::guard::{Ended, Guard, GuardError};

    pub(super) fn main() -> Result<Ended, GuardError> {
        Guard::new("import")
            .rescue(|rescue| {
                let row = rescue.data().get::<u64>("row");
                eprintln!("{} at row {row:?}", rescue.cause());
            })
            .run(import)
    }
}

/// Returns what the program `main` says on standard error, when it is rescued from an abort.
fn rescued(test: &str, main: impl FnOnce()) -> String {
    let output = in_a_process(test, &[], |_| main());
    assert_eq!(output.status.code(), Some(128 + 6), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn the_row_that_was_set_is_rescued() {
    let said = rescued("guards::the_row_that_was_set_is_rescued", || {
        process::exit(in_short::main().unwrap().code().into());
    });
    assert!(said.ends_with("killed by signal 6 (SIGABRT) at row Ok(Some(3))\n"), "{said}");
}

mod rescue {
    use super::rescued;
    use std::process;

    struct Row {
        id: u64,
    }

    fn rows() -> anyhow::Result<Vec<Row>> {
        Ok((1..=3).map(|id| Row { id }).collect())
    }

    mod native {
        pub(super) fn parse(row: &super::Row) {
            if row.id == 3 {
                super::process::abort();
            }
        }
    }

    fn mail_to_me(row: Option<u64>) -> anyhow::Result<()> {
        eprintln!("mail: {row:?}");
        Ok(())
    }

    use safe_state::guard::{Ended, Guard, GuardError};

    fn main() -> Result<Ended, GuardError> {
        Guard::new("import")
            .rescue(|rescue| {
                eprintln!("{}", rescue.cause()); // killed by signal 11 (SIGSEGV) at address 0x8
                let row: Option<u64> = rescue.data().get("row")?; // as the last update left it
                mail_to_me(row)
            })
            .run(|data| {
                for row in rows()? {
                    data.insert("row", row.id)?;
                    native::parse(&row); // may crash
                }
                anyhow::Ok(())
            })
    }

    #[test]
    fn a_rescue_is_told_the_cause_and_the_data() {
        let said = rescued("guards::rescue::a_rescue_is_told_the_cause_and_the_data", || {
            process::exit(main().unwrap().code().into());
        });
        assert!(said.ends_with("killed by signal 6 (SIGABRT)\nmail: Some(3)\n"), "{said}");
    }
}

mod autosave {
    use super::import;
    use safe_state::guard::{Ended, Guard, GuardError};
    use std::time::Duration;

    pub(super) fn main() -> Result<Ended, GuardError> {
        Guard::new("import").autosave("import.autosave", Duration::from_secs(5)).run(import)
    }
}

#[test]
fn a_file_stays_until_its_data_is_recovered() {
    let test = "guards::a_file_stays_until_its_data_is_recovered";
    rescued(test, || {
        let ended = autosave::main().unwrap();
        let mut row = None;
        let rescue = |rescue: &Rescue| row = rescue.data().get::<u64>("row").unwrap();
        recover("import.autosave", rescue).unwrap();
        assert_eq!(row, Some(3));
        assert!(!fs::exists("import.autosave").unwrap());
        process::exit(ended.code().into());
    });
}
