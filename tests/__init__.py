"""The test suite: a folder for each context, one for the house's order, one for the browser, one for crashes."""
