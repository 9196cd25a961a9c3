//! What the room promises, through its public door.

mod zone;
