//! One message of an event stream of AWS.
//!
//! <https://docs.aws.amazon.com/transcribe/latest/dg/event-stream.html> (read 2026-11-27, and held to what
//! npm:@smithy/core@3.41.0 `event-streams` reads): lengths of all and of the headers, a CRC of both, headers, payload, and
//! a CRC of everything before it; all big-endian.

/// A message with headers whose values are strings.
pub(super) fn frame(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut head = Vec::new();
    for (name, value) in headers {
        head.push(name.len() as u8);
        head.extend_from_slice(name.as_bytes());
        head.push(STRING);
        head.extend_from_slice(&(value.len() as u16).to_be_bytes());
        head.extend_from_slice(value.as_bytes());
    }
    let mut bytes = Vec::with_capacity(AROUND + head.len() + payload.len());
    bytes.extend_from_slice(&((AROUND + head.len() + payload.len()) as u32).to_be_bytes());
    bytes.extend_from_slice(&(head.len() as u32).to_be_bytes());
    bytes.extend_from_slice(&crc32(&bytes).to_be_bytes());
    bytes.extend_from_slice(&head);
    bytes.extend_from_slice(payload);
    bytes.extend_from_slice(&crc32(&bytes).to_be_bytes());
    bytes
}

/// The CRC of zip and PNG.
fn crc32(bytes: &[u8]) -> u32 {
    let shift = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
    let crc = bytes.iter().fold(u32::MAX, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), |crc, _| shift(crc)));
    !crc
}

/// The type of a header's value that is a string.
const STRING: u8 = 7;
/// Two lengths and two CRCs.
const AROUND: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_that_of_the_catalogue() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn an_empty_message_is_that_of_the_published_vectors() {
        // The first vector of the AWS SDKs: "empty_message".
        let bytes = [0, 0, 0, 0x10, 0, 0, 0, 0, 0x05, 0xC2, 0x48, 0xEB, 0x7D, 0x98, 0xC8, 0xFF];
        assert_eq!(frame(&[], b""), bytes);
    }
}
