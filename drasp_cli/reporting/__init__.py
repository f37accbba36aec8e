"""Reporting: score tables in, one HTML file out, which needs nothing but itself and a browser.

    rows -rank, choose, listen to the chosen-> Report -draw, escape-> page.html + page.css + page.js -> one file

- gathering.py: `gather_report`, from tables to a report
- content.py: `Report`, what the page shows
- choosing.py: the best and the worst clips of an axis
- listening.py: what is drawn of a clip's sound, and which checkpoints can explain its scores
- audio.py: where the page finds a clip's audio: a link relative to the page, or the bytes themselves
- page.py: `report_page`, all of it in the template, under a Content-Security-Policy that names its own script and style
- axis_section.py, cards.py: the ranking of an axis, and its clips to hear
- ranking_drawing.py, clip_drawing.py, png.py: what is drawn, as SVG and as a picture of few colours
- table_data.py: the clips, as the page's script reads them
- text.py: strangers' words, so that they stay where they are put
- markup.py: elements; the one place that escapes
- page.html, page.css, page.js: the template, its style and its script
"""
