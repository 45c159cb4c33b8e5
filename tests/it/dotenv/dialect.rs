//! The dialect that vastenv reads is python-dotenv's, as the real one reads it.

use serde_json::{Value, json};
use vastenv::domain::Secret;
use vastenv::dotenv::read_dotenv;

use super::readers::{self, PYTHON_VERSIONS};
use crate::values::random_text;

/// What python-dotenv's own tests are about, and what it has been seen to read in a way of its own.
const INPUTS: [&str; 62] = [
    "",
    "a=b",
    "'a'=b",
    "[=b",
    " a = b ",
    "export a=b",
    " export 'a'=b",
    "# a=b",
    "a=b#c",
    "a=b #c",
    "a=b\t#c",
    "a=b c",
    "a=b\tc",
    "a=b  c",
    "a=b\u{a0} c",
    "a=b c ",
    "a='b c '",
    "a=\"b c \"",
    "export export_a=1",
    "export port=8000",
    "a=\"b\nc\"",
    "a='b\nc'",
    "a=\"b\\nc\"",
    "a='b\\nc'",
    "a=\"b\\\"c\"",
    "a='b\\'c'",
    "a=à",
    "a=\"à\"",
    "no_value_var",
    "a: b",
    "a=b\nc=d",
    "a=b\rc=d",
    "a=b\r\nc=d",
    "a=\nb=c",
    "\n\n",
    "a=b\n\n",
    "a=b\n\nc=d",
    "a=\"\nb=c",
    "# comment\na=\"b\nc\"\nd=e\n",
    "a=b\n# comment 1",
    "# comment 1\n# comment 2",
    "uglyKey[%$=\"S3cr3t_P4ssw#rD\" #\na=b",
    "\u{feff}a=b",
    "\u{feff}a=b\nc=d",
    "a='p\\' #1'",
    "a='C:\\\\dir'",
    "a=\"\\a\\b\\f\\v\"",
    "a=\"\\$x\\`\"",
    "A",
    "export A",
    "A # x",
    "A#b=1",
    "export #x",
    "export \na=b",
    "export =1",
    "=1",
    "a=''b",
    "a='x'#y",
    "a= # c",
    "a=#c",
    "a='x\\'",
    "a=\"x\\\\\"\nb=\"y\"",
];

/// Of what the random ones are made: all that means something to the reader.
const PIECES: [&str; 20] = [
    "A", "b", "export ", "export", "=", "=", "'", "'", "\"", "\"", "\\", "#", " ", "\t", "\n", "\r\n",
    "${B}", "n", "\u{a0}", "é",
];

#[test]
fn what_python_dotenv_reads_is_what_vastenv_reads() {
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    let mut texts: Vec<String> = INPUTS.map(str::to_owned).to_vec();
    for _ in 0..20_000 {
        let (start, length) = (random.choice(["A=", ""]).expect("one"), random.usize(1..12));
        let pieces = (0..length).map(|_| random.choice(PIECES).expect("a piece"));
        texts.push(start.to_owned() + &pieces.collect::<String>());
    }
    // Line ends as `open` of a file gives them.
    let script = "from dotenv.parser import parse_stream\n\
        lines = lambda text: text.replace('\\r\\n', '\\n').replace('\\r', '\\n')\n\
        json.dump([[[b.key, b.value, b.error] for b in parse_stream(io.StringIO(lines(text)))] for text in input], \
        sys.stdout)";
    let Some(read) = readers::python(PYTHON_VERSIONS[0], script, &json!(texts)) else { return };
    for (text, theirs) in texts.iter().zip(read.as_array().expect("a list")) {
        let theirs = theirs.as_array().expect("a list");
        let ours = read_dotenv(text);
        if theirs.iter().any(|binding| binding[2] == true) {
            // But a shell's word of several quoted pieces, which vastenv reads besides.
            let is_word = ["''", "\\'", "\"\"", "'\"", "\"'"].iter().any(|pieces| text.contains(pieces));
            assert!(ours.is_err() || is_word, "seed {seed}: {text:?} is {ours:?}, an error to python-dotenv");
            continue;
        }
        let ours = ours.unwrap_or_else(|fault| panic!("seed {seed}: {text:?}: {fault:?} but {theirs:?}"));
        let ours: Vec<Value> = ours
            .iter()
            .map(|entry| json!([entry.name, entry.value.as_ref().map(Secret::expose), false]))
            .collect();
        let theirs: Vec<Value> = theirs.iter().filter(|binding| !binding[0].is_null()).cloned().collect();
        assert_eq!(ours, theirs, "seed {seed}: {text:?}");
    }
}

#[test]
fn what_its_set_key_writes_is_read_as_it_was() {
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    let mut values: Vec<String> =
        ["p' #1", "C:\\dir", "it's\nfour\\\\", "\\", "'", "", "${X} $Y"].map(str::to_owned).to_vec();
    values.extend((0..500).map(|_| random_text(&mut random).replace('\r', "")));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(".env");
    let script = "import dotenv\n\
        open(input[0], 'w').close()\n\
        for n, value in enumerate(input[1]): dotenv.set_key(input[0], f'N{n}', value, export=n % 2 == 0)\n\
        json.dump(None, sys.stdout)";
    if readers::python(PYTHON_VERSIONS[0], script, &json!([path, values])).is_none() {
        return;
    }
    let entries = read_dotenv(&std::fs::read_to_string(path).expect("text")).expect("a file");
    let read: Vec<&str> =
        entries.iter().map(|entry| entry.value.as_ref().expect("a value").expose()).collect();
    assert!(
        read == values,
        "seed {seed}: {:?}",
        read.iter().zip(&values).find(|(read, value)| read != value)
    );
}
