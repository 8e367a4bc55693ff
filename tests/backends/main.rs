//! Tests the backends: how one is chosen, and each of those that are servers.

mod choosing;
mod mysql;
mod network;
mod objects;
mod postgres;
mod redis;
