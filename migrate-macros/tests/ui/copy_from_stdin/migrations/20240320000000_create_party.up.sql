COPY party (id, name) FROM stdin;
1	Smith
\.
