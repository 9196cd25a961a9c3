//! What the room promises, through its public door.

mod name;
mod property;
mod server;
mod system;
mod zone;
