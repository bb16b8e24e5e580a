use super::super::parse;

fn text(source: &str) -> String {
    parse(
        &format!(".Dd July 1, 2024\n.Dt TOOL 1\n.Os\n{source}"),
        "tool.1",
    )
    .text
}

#[test]
fn a_page_reads_as_its_author_meant_it() {
    let page = text(
        ".Sh NAME\n.Nm tool\n.Nd do things\n.Sh SYNOPSIS\n.Nm tool\n.Op Fl 46v\n.Op Fl b Ar addr\n.Oo Fl o Ar option Oc\n.Ar host\n\
         .Nm\n.Fl Fl help\n.Sh DESCRIPTION\n.Nm\nruns\n.Ar command\n.Pq see Xr ssh 1 .\n.Pp\nUse\n.Ev HOME ,\n.Pa ~/.toolrc\nand\n.Dq quotes .\n\
         The options:\n.Bl -tag -width Ds\n.It Fl b Ar addr\nBinds to\n.Ar addr .\n.Pp\nMore.\n.It Fl v\nVerbose.\n.El\n",
    );
    insta::assert_snapshot!(page, @r"
    # tool

    ## NAME

    `tool` – do things

    ## SYNOPSIS

    ```
    tool [-46v] [-b addr] [-o option] host
    tool --help
    ```

    ## DESCRIPTION

    `tool` runs command (see `ssh(1)`).

    Use `HOME`, `~/.toolrc` and “quotes”. The options:

    `-b addr`: Binds to addr.

    More.

    `-v`: Verbose.
    ");
}

#[test]
fn lists_nest_and_displays_keep_their_lines() {
    let page = text(
        ".Sh X\n.Bl -bullet -compact\n.It\nOne\n.Bl -enum\n.It\na\n.It\nb\n.El\n.It\nTwo\n.El\n.Bd -literal -offset indent\n$ a  b\n.Nm tool\n.Ed\n.Dl $ c d\n\
         .Bl -column a b\n.It Sy Key Ta Sy Value\n.It a Ta Cm one\n.It b\tc\n.El\n",
    );
    insta::assert_snapshot!(page, @r"
    # tool

    ## X

    - One

      1. a
      2. b

    - Two

    ```
    $ a  b
    tool
    ```

    ```
    $ c d
    ```

    | Key | Value |
    | --- | --- |
    | a | `one` |
    | b | c |
    ");
}

#[test]
fn functions_standards_and_references() {
    let page = text(
        ".Sh LIBRARY\n.Lb libx\n.Sh SYNOPSIS\n.In x.h\n.Ft int\n.Fn f \"int a\" \"char *b\"\n.Ft void\n.Fo g\n.Fa \"int a\"\n.Fa b\n.Fc\n\
         .Sh RETURN VALUES\n.Rv -std f\n.Sh ERRORS\n.Bl -tag\n.It Bq Er EINVAL\nBad.\n.El\n.Sh STANDARDS\n.St -p1003.1-2008 ,\n.Bx 4.4 ,\n.Ox 5.1 .\n\
         .Rs\n.%A A. Author\n.%T Title\n.Re\n",
    );
    insta::assert_snapshot!(page, @r"
    # tool

    ## LIBRARY

    library “libx”

    ## SYNOPSIS

    ```
    #include <x.h>
    int
    f(int a, char *b);
    void
    g(int a, b);
    ```

    ## RETURN VALUES

    The f() function returns the value 0 if successful; otherwise the value -1 is returned and the global variable errno is set to indicate the error.

    ## ERRORS

    `[EINVAL]`: Bad.

    ## STANDARDS

    IEEE Std 1003.1-2008 (“POSIX.1”), 4.4BSD, OpenBSD 5.1. A. Author, Title.
    ");
}

#[test]
fn what_is_left_open_ends_with_the_page() {
    assert_eq!(
        text(".Sh X\n.Bl -tag\n.It Xo\n.Fl a\n.Xc\nText.\n.Bl -column\n.It a Ta\n.Oo\n"),
        "# tool\n\n## X\n\n`-a`: Text.\n\n| a | [ |\n| --- | --- |\n"
    );
    assert_eq!(text(".El\n.Ed\n.Oc\n.Fc\n.It\n.Re\n"), "# tool\n\n]\n");
}
