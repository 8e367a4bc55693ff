//! Jobs that many workers share: what each of them returns is what one worker returns, however often they are killed.

mod work;
mod workers;
