"""What differs between runs, and how significant that is. Used by every page, report, lesson and program.

    differing_settings    in which settings runs differ, and which they have in common
    run_groups            which runs have the same settings, which are repeats with other seeds
    tested_images         whether runs were tested on the same images, so that their accuracies can be compared
    paired_answers        for which of these images two runs have different predictions
    significance          the standard error of an accuracy, the spread of repeats, McNemar's test for two runs
    difference_sentence   all of that in a few sentences

How a config differs from the recipe that it started from is in a lower layer, which knows both:
`training.config_fields`.
"""
