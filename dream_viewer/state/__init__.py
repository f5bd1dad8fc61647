"""What is on show, in the parts that the session owns: the cursor over the episodes, which agent plays which levels,
what is dreamt, asked, compared, played by a person, trained, and read from files; and what these need of the workers.
They say by signals what changed, and know neither widgets nor the workers' own modules.
"""
