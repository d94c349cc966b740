"""Dialects: JSON objects of the programs and services that publish decoded AIS, one module for each."""
