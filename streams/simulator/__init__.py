"""The simulator: ships that move as ships do, what receivers hear of them as NMEA, and the truth beside it.

It shares no code with the decoder or the detectors, so that one can be judged by the other.
"""
