"""The words the population is made of: documented lists, names, places, titles, companies. Data only, no behaviour."""
