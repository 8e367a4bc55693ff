//! Tests what a loop goes through and has with it: keys and cursors, phases, carried values, handles that are rebuilt.

mod capture;
mod carry;
mod channels;
mod cursor;
mod key;
mod loop_count;
mod phases;
mod publish;
mod reconnect;
mod values;
mod values_at_places;
mod worklist;
