"""What differs between runs, and how sure that is. Every page, report, lesson and program asks here.

    differing_settings    in which settings runs differ, and which they have in common
    run_groups            which runs have the same settings, which are repeats with other seeds
    tested_images         whether runs were tested on the same images, so that their accuracies can be compared
    paired_answers        to which of these images two runs give different answers
    significance          the standard error of an accuracy, the spread of repeats, McNemar's test for two runs
    difference_sentence   all of that in a few sentences

How a config differs from the recipe that it started from is known below, where both are: `training.config_fields`.
"""
