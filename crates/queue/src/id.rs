//! Identifiers that programs know domains and routes by.

use jiff::Timestamp;

/// 24 hexadecimal digits: eight of seconds, then sixteen of chance.
pub(crate) fn fresh_id(now: Timestamp) -> String {
    let mut chance = [0_u8; 8];
    // Without chance the moment has to do, down to the nanosecond.
    if aws_lc_rs::rand::fill(&mut chance).is_err() {
        chance = u64::try_from(now.as_nanosecond()).unwrap_or_default().to_be_bytes();
    }
    format!("{:08x}{:016x}", now.as_second() & 0xffff_ffff, u64::from_be_bytes(chance))
}
