//! Segment files: contents one after the other, each with its length, its checksum and the message it belongs to.
//!
//! ```text
//! file    magic "TEGAMISG" (8) · version u32 · number u64 · CRC-32 of these u32
//! record  magic "TGMR" (4) · length u64 · CRC-32 of the content u32 · QueueId (16) · CRC-32 of these u32 · content
//! ```
//! Numbers are big-endian. Rows say where a record begins and how long its content is; what lies beyond the last
//! record that a row refers to was never accepted.

use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice, Seek, SeekFrom, Write};
use std::ops::Range;
use std::os::unix::fs::{FileExt, OpenOptionsExt};

use bytes::Bytes;

use crate::QueueId;
use crate::embedded::folder::Folder;

const FILE_MAGIC: &[u8; 8] = b"TEGAMISG";
const RECORD_MAGIC: &[u8; 4] = b"TGMR";
const VERSION: u32 = 1;

/// Octets before the first record.
pub(super) const FILE_HEADER: u64 = 24;
/// Octets before a content.
pub(super) const RECORD_HEADER: u64 = 36;

/// Where a content lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) segment: u64,
    /// Where its record begins.
    pub(super) start: u64,
    /// Of the content, without the record's header.
    pub(super) length: u64,
}

/// Why a content cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("{0}")]
    Damaged(&'static str),
}

/// What stands for the segment's number where a record lies with the rows.
const IN_ROWS: u64 = 0;

impl Place {
    /// That of a small content, in the table `contents`.
    pub(super) const fn in_rows(length: u64) -> Self {
        Self { segment: IN_ROWS, start: 0, length }
    }

    pub(super) const fn is_in_rows(self) -> bool {
        self.segment == IN_ROWS
    }
}

/// The octets before a content.
pub(super) fn record_header(id: [u8; 16], content: &[u8]) -> Vec<u8> {
    let mut header = Vec::with_capacity(36);
    header.extend_from_slice(RECORD_MAGIC);
    header.extend_from_slice(&(content.len() as u64).to_be_bytes());
    header.extend_from_slice(&crc32fast::hash(content).to_be_bytes());
    header.extend_from_slice(&id);
    header.extend_from_slice(&crc32fast::hash(&header).to_be_bytes());
    header
}

/// Reads a content and holds it against its record's header; a range is not checked against the checksum of the whole.
pub(super) fn read(
    folder: &Folder,
    place: Place,
    id: QueueId,
    range: Option<&Range<u64>>,
) -> Result<Bytes, ReadError> {
    let file = File::open(folder.segment(place.segment))?;
    let mut header = [0_u8; 36];
    file.read_exact_at(&mut header, place.start)?;
    let (length, checksum) =
        parse_header(&header, id).ok_or(ReadError::Damaged("its record's header is damaged"))?;
    if length != place.length {
        return Err(ReadError::Damaged("its record has another length"));
    }
    let wanted = match range {
        None => 0..length,
        Some(range) => range.start.min(length)..range.end.min(length),
    };
    let octets = usize::try_from(wanted.end.saturating_sub(wanted.start))
        .map_err(|_| ReadError::Damaged("it is larger than the memory"))?;
    let mut content = vec![0_u8; octets];
    file.read_exact_at(&mut content, place.start + RECORD_HEADER + wanted.start)?;
    if range.is_none() && crc32fast::hash(&content) != checksum {
        return Err(ReadError::Damaged("its checksum does not match"));
    }
    Ok(content.into())
}

/// The content of a record that lies with the rows, held against its header, or a range of it.
pub(super) fn of_record(record: &[u8], id: QueueId, range: Option<&Range<u64>>) -> Result<Bytes, ReadError> {
    let (header, content) =
        record.split_first_chunk::<36>().ok_or(ReadError::Damaged("its record is cut off"))?;
    let (length, checksum) =
        parse_header(header, id).ok_or(ReadError::Damaged("its record's header is damaged"))?;
    if length != content.len() as u64 || crc32fast::hash(content) != checksum {
        return Err(ReadError::Damaged("its checksum does not match"));
    }
    let at = |octet: u64| usize::try_from(octet).unwrap_or(usize::MAX).min(content.len());
    let (start, end) = range.map_or((0, content.len()), |range| (at(range.start), at(range.end)));
    Ok(Bytes::copy_from_slice(content.get(start..end).unwrap_or_default()))
}

/// Length and checksum, if the header is whole and belongs to `id`.
pub(super) fn parse_header(header: &[u8], id: QueueId) -> Option<(u64, u32)> {
    let (covered, _) = header.split_last_chunk::<4>()?;
    let mut rest = header;
    let magic = take::<4>(&mut rest)?;
    let length = u64::from_be_bytes(take(&mut rest)?);
    let checksum = u32::from_be_bytes(take(&mut rest)?);
    let owner = QueueId::from_bytes(take(&mut rest)?);
    let own = u32::from_be_bytes(take(&mut rest)?);
    (rest.is_empty() && &magic == RECORD_MAGIC && owner == id && own == crc32fast::hash(covered))
        .then_some((length, checksum))
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, others) = rest.split_first_chunk::<N>()?;
    *rest = others;
    Some(*first)
}

/// The segment file that grows.
#[derive(Debug)]
pub(super) struct Tail {
    folder: Folder,
    file: File,
    /// Its number.
    pub(super) number: u64,
    /// How far committed rows refer into it.
    pub(super) end: u64,
    /// How far it is written.
    pub(super) written: u64,
}

impl Tail {
    /// Begins a new segment file; it is durable, but no row refers to it yet.
    pub(super) fn create(folder: &Folder, number: u64) -> io::Result<Self> {
        let path = folder.segment(number);
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        let mut header = Vec::with_capacity(24);
        header.extend_from_slice(FILE_MAGIC);
        header.extend_from_slice(&VERSION.to_be_bytes());
        header.extend_from_slice(&number.to_be_bytes());
        header.extend_from_slice(&crc32fast::hash(&header).to_be_bytes());
        file.write_all(&header)?;
        file.sync_all()?;
        folder.sync_segments()?;
        Ok(Self { folder: folder.clone(), file, number, end: FILE_HEADER, written: FILE_HEADER })
    }

    /// Goes on with a segment file, whose octets after `end` are dropped.
    pub(super) fn resume(folder: &Folder, number: u64, end: u64) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(folder.segment(number))?;
        let mut tail = Self { folder: folder.clone(), file, number, end, written: end };
        tail.take_back()?;
        Ok(tail)
    }

    /// Ends this segment file and begins the next.
    pub(super) fn rotate(&mut self) -> io::Result<()> {
        *self = Self::create(&self.folder, self.number + 1)?;
        Ok(())
    }

    /// Writes all slices; they are not durable yet.
    pub(super) fn append(&mut self, slices: &mut [IoSlice<'_>]) -> io::Result<()> {
        let mut rest = slices;
        IoSlice::advance_slices(&mut rest, 0);
        while !rest.is_empty() {
            match self.file.write_vectored(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(octets) => {
                    self.written += octets as u64;
                    IoSlice::advance_slices(&mut rest, octets);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Committed rows refer to all that is written.
    pub(super) fn keep(&mut self) {
        self.end = self.written;
    }

    /// Drops what no committed row refers to.
    pub(super) fn take_back(&mut self) -> io::Result<()> {
        self.file.set_len(self.end)?;
        self.file.seek(SeekFrom::Start(self.end))?;
        self.written = self.end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_record_header_says_what_it_covers(id: u128, content: Vec<u8>) {
            let id = QueueId::from_bits(id);
            let header = record_header(id.to_bytes(), &content);
            prop_assert_eq!(header.len() as u64, RECORD_HEADER);
            let found = parse_header(&header, id);
            prop_assert_eq!(found, Some((content.len() as u64, crc32fast::hash(&content))));
        }

        #[test]
        fn a_changed_header_is_refused(id: u128, content: Vec<u8>, at in 0_usize..36, change in 1_u8..) {
            let id = QueueId::from_bits(id);
            let mut header = record_header(id.to_bytes(), &content);
            header[at] ^= change;
            prop_assert_eq!(parse_header(&header, id), None);
        }

        #[test]
        fn no_octets_make_it_panic(octets: Vec<u8>, id: u128) {
            prop_assert_eq!(parse_header(&octets, QueueId::from_bits(id)), None);
        }
    }

    #[test]
    fn a_tail_is_cut_back_and_goes_on() {
        let base = tempfile::tempdir().unwrap();
        let (folder, _lock) = Folder::open(base.path()).unwrap();
        let mut tail = Tail::create(&folder, 1).unwrap();
        tail.append(&mut [IoSlice::new(b"kept"), IoSlice::new(b""), IoSlice::new(b" too")]).unwrap();
        tail.keep();
        tail.append(&mut [IoSlice::new(b"dropped")]).unwrap();
        tail.take_back().unwrap();
        tail.append(&mut [IoSlice::new(b"!")]).unwrap();
        tail.keep();
        let written = std::fs::read(folder.segment(1)).unwrap();
        assert_eq!(written.get(24..), Some(b"kept too!".as_slice()));
        std::fs::write(folder.segment(1), [written.as_slice(), b"torn"].concat()).unwrap();
        let mut tail = Tail::resume(&folder, 1, tail.end).unwrap();
        assert_eq!(std::fs::read(folder.segment(1)).unwrap(), written);
        tail.rotate().unwrap();
        assert_eq!((tail.number, tail.end), (2, FILE_HEADER));
    }
}
