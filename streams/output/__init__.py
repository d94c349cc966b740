"""Events as files, as text and on the console; the HTML report."""
