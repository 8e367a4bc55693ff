//! Tests the verbs on backends with a server: PostgreSQL, MariaDB, Redis and S3.

mod asking;
mod by_hand;
mod hooks;
mod keeping;
mod killed;
mod moving;
mod on_servers;
mod places;
mod programs;
mod raced;
mod status;
mod steps;

use on_servers::{places, urls};
