//! The bytes in which arguments and results travel: postcard's.
//!
//! Postcard does not describe itself, so a type that needs that fails here, in encoding or in decoding, with an error that
//! names the type.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::JoinError;

/// # Errors
/// Where `value`'s `Serialize` refuses, or asks for what postcard has not.
pub(crate) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, JoinError> {
    postcard::to_stdvec(value).map_err(JoinError::encode::<T>)
}

/// # Errors
/// Where the bytes are not one whole `T`.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, JoinError> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok((_, rest)) => Err(JoinError::decode::<T>(format_args!(
            "{} of {} bytes are left over",
            rest.len(),
            bytes.len()
        ))),
        Err(error) => Err(JoinError::decode::<T>(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_survives_the_way() {
        let value = (7u64, String::from("seven"), vec![Some(1.5f64), None]);
        let bytes = encode(&value).unwrap();
        assert_eq!(
            decode::<(u64, String, Vec<Option<f64>>)>(&bytes).unwrap(),
            value
        );
    }

    #[test]
    fn a_short_payload_is_a_decode_error_that_names_the_type() {
        let error = decode::<(u64, String)>(&[1, 9]).unwrap_err();
        assert!(error.is_decode());
        assert!(
            error.to_string().contains("(u64, alloc::string::String)"),
            "{error}"
        );
    }

    #[test]
    fn bytes_left_over_are_a_decode_error() {
        let error = decode::<u8>(&[1, 2, 3]).unwrap_err();
        assert!(error.is_decode());
        assert!(
            error.to_string().contains("2 of 3 bytes are left over"),
            "{error}"
        );
    }

    #[test]
    fn what_postcard_cannot_encode_is_an_encode_error_that_names_the_type() {
        struct Unsized;
        impl Serialize for Unsized {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                serde::ser::SerializeSeq::end(s.serialize_seq(None)?)
            }
        }
        let error = encode(&Unsized).unwrap_err();
        assert!(error.is_encode());
        assert!(error.to_string().contains("Unsized"), "{error}");
    }
}
