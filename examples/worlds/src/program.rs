//! [`Program`]: which of the three is to run, and on what, as the arguments say.
//!
//! They are the same in each world: on a command line, of a guest, and from the page.

use wasm_mt_pool::ThreadPool;

use crate::{Error, picture, sort, words};

pub(crate) const USAGE: &str =
    "usage: worlds julia WIDTH HEIGHT | worlds words [FILE] | worlds sort COUNT SEED";

/// More pixels or numbers are a mistake rather than a wish: what is made is held in memory as a whole.
const MOST: u32 = 10_000_000;

/// One of the three programs, with its input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// A picture of the Julia set.
    Julia {
        /// Pixels in a row.
        width: u32,
        /// Number of rows.
        height: u32,
    },
    /// How often each word stands in a text.
    Words {
        /// The text.
        text: String,
    },
    /// Random numbers, sorted.
    Sort {
        /// How many.
        count: u32,
        /// Which.
        seed: u64,
    },
}

impl Program {
    /// What the arguments say, without the name of the command. `read` gives the text of a file, or what comes in where there is
    /// no name.
    ///
    /// # Errors
    /// When they say nothing that can be run, or the file cannot be read.
    pub fn of<'a>(
        arguments: &[&'a str],
        read: impl FnOnce(Option<&'a str>) -> Result<String, Error>,
    ) -> Result<Program, Error> {
        match *arguments {
            ["julia", width, height] => {
                let (width, height) = (number(width)?, number(height)?);
                if u64::from(width) * u64::from(height) > u64::from(MOST) {
                    return Err(Error::Usage(format!(
                        "{width} × {height} are more than {MOST} pixels"
                    )));
                }
                Ok(Program::Julia { width, height })
            }
            ["words"] => Ok(Program::Words { text: read(None)? }),
            ["words", file] => Ok(Program::Words {
                text: read(Some(file))?,
            }),
            ["sort", count, seed] => Ok(Program::Sort {
                count: number(count)?,
                seed: seed.parse().map_err(|_| not_a_number(seed))?,
            }),
            _ => Err(Error::Usage("the arguments name no program".to_owned())),
        }
    }

    /// Runs it. Its output: a picture's file, or lines of text.
    ///
    /// # Errors
    /// When a job fails.
    pub async fn run(&self, pool: &ThreadPool) -> Result<Vec<u8>, Error> {
        match self {
            Program::Julia { width, height } => Ok(picture(pool, *width, *height).await?),
            Program::Words { text } => Ok(words(pool, text).await?.into_bytes()),
            Program::Sort { count, seed } => Ok(sort(pool, *count, *seed).await?.into_bytes()),
        }
    }
}

fn number(text: &str) -> Result<u32, Error> {
    let number: u32 = text.parse().map_err(|_| not_a_number(text))?;
    if (1..=MOST).contains(&number) {
        Ok(number)
    } else {
        Err(Error::Usage(format!(
            "{number} is not between 1 and {MOST}"
        )))
    }
}

fn not_a_number(text: &str) -> Error {
    Error::Usage(format!("{text:?} is not a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(arguments: &[&str]) -> Result<Program, Error> {
        Program::of(arguments, |file| Ok(file.unwrap_or("what comes in").into()))
    }

    #[test]
    fn arguments_name_a_program_and_its_input() {
        let julia = Program::Julia {
            width: 320,
            height: 200,
        };
        assert_eq!(of(&["julia", "320", "200"]).unwrap(), julia);
        let text = |text: &str| Program::Words { text: text.into() };
        assert_eq!(of(&["words"]).unwrap(), text("what comes in"));
        assert_eq!(of(&["words", "a.txt"]).unwrap(), text("a.txt"));
        let sort = Program::Sort { count: 9, seed: 0 };
        assert_eq!(of(&["sort", "9", "0"]).unwrap(), sort);
    }

    #[test]
    fn what_names_none_is_an_error_that_tells_the_usage() {
        for arguments in [
            &[][..],
            &["julia"],
            &["julia", "0", "9"],
            &["julia", "9000", "9000"],
            &["sort", "many", "1"],
            &["sort", "1", "-1"],
            &["words", "a", "b"],
        ] {
            let error = of(arguments).unwrap_err().to_string();
            assert!(error.contains("usage: worlds julia"), "{error}");
        }
    }
}
