//! Compression of sessions, with zstd.
//!
//! Each thread keeps what zstd works with: setting that up anew takes longer than packing a usual session. (zstd asks the processor for its
//! abilities each time, which is slow where there is a hypervisor.)

use std::cell::RefCell;
use std::io::Read;

use zstd::bulk::{Compressor, Decompressor};

/// zstd's own default: a few hundred MB a second, good ratios on serialised PHP.
const LEVEL: i32 = 3;
/// What was needed for more data than this is given back: one large session must not make a worker large for ever.
const KEEP: usize = 256 * 1024;

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Packs some bytes; `None` when the library cannot.
pub fn pack(data: &[u8]) -> Option<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|kept| {
        let mut compressor = kept.take().or_else(|| Compressor::new(LEVEL).ok())?;
        let packed = compressor.compress(data).ok()?;
        *kept = (data.len() <= KEEP).then_some(compressor);
        Some(packed)
    })
}

/// Unpacks what [`pack`] made: all of it, or the first `most` bytes and one more. `None`: it is no such thing.
pub fn unpack(packed: &[u8], most: usize) -> Option<Vec<u8>> {
    let size = zstd::zstd_safe::get_frame_content_size(packed).ok().flatten().and_then(|size| usize::try_from(size).ok());
    // A size that is not told is no reason to refuse what can be read.
    let Some(size) = size.filter(|size| *size <= KEEP.min(most)) else { return unpack_slowly(packed, most) };
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let mut decompressor = kept.take().or_else(|| Decompressor::new().ok())?;
        let data = decompressor.decompress(packed, size).ok()?;
        *kept = Some(decompressor);
        Some(data)
    })
}

fn unpack_slowly(packed: &[u8], most: usize) -> Option<Vec<u8>> {
    let mut data = Vec::new();
    let reader = zstd::stream::read::Decoder::with_buffer(packed).ok()?;
    reader.take(u64::try_from(most).ok()?.saturating_add(1)).read_to_end(&mut data).ok()?;
    Some(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_large_come_back_however_often() {
        for size in [0, 1, 300, 70_000, KEEP, KEEP + 1, 3 << 20, 300] {
            let data: Vec<u8> = (0..size).map(|n| u8::try_from(n % 251).unwrap_or_default()).collect();
            let packed = pack(&data).expect("packed");
            assert_eq!(unpack(&packed, 64 << 20).as_ref(), Some(&data), "{size}");
        }
    }

    #[test]
    fn no_more_is_unpacked_than_is_allowed() {
        let packed = pack(&vec![7; 2 << 20]).expect("packed");
        assert_eq!(unpack(&packed, 1 << 20).map(|data| data.len()), Some((1 << 20) + 1));
    }

    #[test]
    fn a_frame_that_tells_no_size_is_read() {
        let data = b"size".repeat(100);
        let packed = zstd::stream::encode_all(data.as_slice(), LEVEL).expect("packed");
        assert!(matches!(zstd::zstd_safe::get_frame_content_size(&packed), Ok(None)));
        assert_eq!(unpack(&packed, 1000), Some(data));
    }

    #[test]
    fn what_is_damaged_is_refused_and_the_next_one_is_not() {
        let packed = pack(&b"abc".repeat(1000)).expect("packed");
        assert_eq!(unpack(b"no frame", 1000), None);
        assert_eq!(unpack(&packed[..packed.len() - 3], 10_000), None);
        assert_eq!(unpack(&packed, 10_000), Some(b"abc".repeat(1000)));
    }
}
