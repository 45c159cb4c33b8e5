use super::*;

/// Filters as typed: `--only A,B --rename N=O`.
fn filters(line: &str) -> Result<Filters> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let given = |option: &str| -> Vec<String> {
        words.chunks(2).filter(|pair| pair[0] == option).map(|pair| pair[1].to_owned()).collect()
    };
    let prefix = given("--prefix");
    Filters::parse(
        &given("--only"),
        &given("--except"),
        &given("--rename"),
        prefix.first().map(String::as_str),
        &given("--require"),
    )
}

fn apply(line: &str, names: &[&str]) -> Result<Filtered<String>> {
    let variables = names.iter().map(|name| ((*name).to_owned(), format!("of {name}"))).collect();
    filters(line).expect(line).apply(variables, Origin::Flags)
}

#[track_caller]
fn left(line: &str, names: &[&str]) -> Vec<String> {
    apply(line, names).expect(line).variables.into_keys().collect()
}

#[track_caller]
fn refused(line: &str, names: &[&str]) -> String {
    apply(line, names).expect_err(line).message().to_owned()
}

const NAMES: [&str; 5] = ["AWS_KEY", "AWS_SECRET", "HF_TOKEN", "WANDB", "odd-name"];

#[test]
fn a_glob_fits_the_whole_name() {
    for (glob, name, fits) in [
        ("*", "", true),
        ("*", "ANY", true),
        ("A*", "A", true),
        ("A*", "BA", false),
        ("*_TOKEN", "HF_TOKEN", true),
        ("*_TOKEN", "HF_TOKENS", false),
        ("A?B", "A_B", true),
        ("A?B", "AB", false),
        ("*A*B*", "xAxxB", true),
        ("*A*B", "xABAxB", true),
        ("*AB", "AAAB", true),
        ("**?", "A", true),
        ("?", "é", true),
        ("[A]", "A", false),
        ("*", "*", true),
    ] {
        assert_eq!(matches(glob, name), fits, "{glob} {name}");
    }
}

#[test]
fn only_and_except_narrow_in_lists_and_repeated() {
    assert_eq!(left("", &NAMES), NAMES);
    assert_eq!(left("--only AWS_*,WANDB", &NAMES), ["AWS_KEY", "AWS_SECRET", "WANDB"]);
    assert_eq!(left("--only AWS_* --only WANDB", &NAMES), ["AWS_KEY", "AWS_SECRET", "WANDB"]);
    assert_eq!(left("--only AWS_* --except *SECRET", &NAMES), ["AWS_KEY"]);
    assert_eq!(left("--except AWS_*,odd-name", &NAMES), ["HF_TOKEN", "WANDB"]);
    // What is left out already is not a typo.
    assert_eq!(left("--only WANDB --except HF_TOKEN", &NAMES), ["WANDB"]);
}

#[test]
fn a_name_is_as_typed_or_in_capitals() {
    assert_eq!(left("--only hf_token,aws*", &NAMES), ["AWS_KEY", "AWS_SECRET", "HF_TOKEN"]);
    assert_eq!(left("--only a", &["A", "a"]), ["a"]);
    assert_eq!(left("--rename N=wandb --only wandb", &NAMES), ["N"]);
}

#[test]
fn a_name_that_matches_nothing_is_refused_and_a_glob_noted() {
    assert_eq!(refused("--only HF_TOKEN,TYPO,TYPO2", &NAMES), "no variable matches TYPO, TYPO2");
    assert_eq!(refused("--except TYPO", &NAMES), "no variable matches TYPO");
    assert_eq!(refused("--rename N=TYPO", &NAMES), "no variable matches TYPO");
    let filtered = apply("--only HF_*,TYPO* --except ?", &NAMES).expect("filtered");
    assert_eq!(filtered.notes, ["no variable matches TYPO*", "no variable matches ?"]);
    assert_eq!(filtered.variables.len(), 1);
    assert_eq!(left("--only TYPO*", &NAMES), [""; 0]);
}

#[test]
fn renaming_drops_the_old_name_and_the_prefix_comes_last() {
    let filtered = apply("--only HF_TOKEN,WANDB --rename TOKEN=HF_TOKEN --prefix T_", &NAMES);
    let filtered = filtered.expect("filtered");
    let named = |names: [(&str, &str); 2]| {
        names.map(|(new, old)| (new.to_owned(), old.to_owned())).into_iter().collect::<BTreeMap<_, _>>()
    };
    assert_eq!(filtered.variables, named([("T_TOKEN", "of HF_TOKEN"), ("T_WANDB", "of WANDB")]));
    assert_eq!(filtered.former, named([("T_TOKEN", "HF_TOKEN"), ("T_WANDB", "WANDB")]));
    let swapped = apply("--rename A=B,B=A", &["A", "B"]).expect("swapped");
    assert_eq!(swapped.variables, named([("A", "of B"), ("B", "of A")]));
    assert_eq!(left("--rename ODD_NAME=odd-name --only odd*", &NAMES), ["ODD_NAME"]);
}

#[test]
fn names_that_collide_are_named() {
    let both = "--rename: HF_TOKEN and WANDB would both be called";
    assert_eq!(refused("--rename WANDB=HF_TOKEN", &NAMES), format!("{both} WANDB"));
    assert_eq!(refused("--rename N=HF_TOKEN,N=WANDB", &NAMES), format!("{both} N"));
    assert_eq!(refused("--rename M=WANDB,N=WANDB", &NAMES), "--rename: WANDB is given twice");
    assert_eq!(left("--rename WANDB=HF_TOKEN --except WANDB", &NAMES)[2], "WANDB");
    assert!(refused("--rename N=WANDB --except WANDB", &NAMES).contains("WANDB is left out"));
}

#[test]
fn a_project_may_name_what_is_not_there_and_still_not_merge_two() {
    let of_project = |line: &str| {
        let variables = NAMES.map(|name| (name.to_owned(), ())).into();
        filters(line).expect(line).apply(variables, Origin::Project("/p/.vastenv.toml"))
    };
    let filtered = of_project("--only HF_TOKEN,TYPO,X* --except NO --rename A=GONE,B=WANDB,T=HF_TOKEN")
        .expect("filtered");
    assert_eq!(filtered.variables.into_keys().collect::<Vec<_>>(), ["T"]);
    let notes = ["TYPO", "X*", "NO", "GONE"].map(|name| format!("no variable matches {name}"));
    let left_out = "rename: WANDB is left out by only or except".to_owned();
    let notes = notes.into_iter().chain([left_out]).map(|note| format!("/p/.vastenv.toml: {note}"));
    assert_eq!(filtered.notes, notes.collect::<Vec<_>>());
    for (line, why) in [
        ("--rename WANDB=HF_TOKEN", "HF_TOKEN and WANDB would both be called WANDB"),
        ("--rename M=WANDB,N=WANDB", "WANDB is given twice"),
    ] {
        let failure = of_project(line).expect_err(line);
        assert_eq!(failure.message(), format!("/p/.vastenv.toml: rename: {why}"));
    }
}

#[test]
fn what_is_no_filter_is_a_usage_error() {
    for line in [
        "--only A,,B",
        "--require ,",
        "--rename A",
        "--rename A=",
        "--rename =A",
        "--rename A=B*",
        "--rename 1=A",
        "--prefix a-b",
        "--prefix 1",
    ] {
        assert_eq!(filters(line).expect_err(line).exit_code(), 2, "{line}");
    }
}

#[test]
fn what_is_required_is_told_by_its_final_name() {
    let filters =
        filters("--rename TOKEN=HF_TOKEN --require TOKEN,aws*,HF_TOKEN --require X*").expect("filters");
    let filtered =
        filters.apply(NAMES.map(|name| (name.to_owned(), ())).into(), Origin::Flags).expect("filtered");
    let required =
        filters.required(filtered.variables.keys().map(String::as_str), &BTreeMap::new()).expect("some");
    assert_eq!(required.names.into_iter().collect::<Vec<_>>(), ["AWS_KEY", "AWS_SECRET", "TOKEN"]);
    assert_eq!(required.unmatched, ["HF_TOKEN"]);
    assert_eq!(required.notes, ["no variable matches X*"]);
    assert_eq!(Filters::default().required(NAMES, &BTreeMap::new()), None);
    // Where the old names count, too.
    let required =
        filters.required(filtered.variables.keys().map(String::as_str), &filtered.former).expect("some");
    assert!(required.names.contains("TOKEN") && required.unmatched.is_empty(), "{required:?}");
}

#[test]
fn thousands_of_names_are_found_among_thousands() {
    let name = |number: usize| format!("VAR_{number}");
    let names: Vec<String> = (0..10_000).map(name).collect();
    let renames = (0..5_000).map(|number| {
        let new = EnvName::parse(&format!("NEW_{number}")).expect("a name");
        (new, format!("var_{number}"))
    });
    let filters = Filters::of_project(names.clone(), vec![], renames.collect(), String::new(), names.clone());
    let variables: BTreeMap<String, usize> = names.into_iter().zip(0..).collect();
    let filtered = filters.apply(variables, Origin::Project("f")).expect("filtered");
    assert!(filtered.variables.contains_key("NEW_4999") && filtered.variables.contains_key("VAR_5000"));
    let required = filters.required(filtered.variables.keys().map(String::as_str), &filtered.former);
    assert_eq!(required.expect("some").names.len(), 10_000);
}
