"""Value lists of Clodura's people search, as documented on its search page; closed ones are checked, open ones warn.

The vendor prints two kinds of list. Closed ("Accepted values: ...") are complete. Open ones ("Accepted values include
... and more", "Refer to the supported ... list") are not: what stands here is what is known of them, and a value
outside is sent as it is, with a warning.
"""

from __future__ import annotations

SENIORITIES = (
    "Founder", "Chairman", "President", "CEO", "CXO", "Vice President", "Director", "Head", "Manager", "Senior",
    "Junior", "Entry Level", "Executive",
)  # fmt: skip
EMAIL_STATUSES = ("verified", "unverified", "unavailable")
#: the blanks around the hyphen are part of the value
EMPLOYEE_SIZES = (
    "0 - 1", "2 - 10", "11 - 50", "51 - 200", "201 - 500", "501 - 1000", "1001 - 5000", "5001 - 10000", "10000+",
)  # fmt: skip
REVENUES = ("< 1M", "1M-10M", "11M-100M", "101M-500M", "501M-1B", "1B+")
BUSINESS_MODELS = ("Product", "Services", "Solutions")

#: open: the documented twelve and those of the vendor's own web application
FUNCTIONS = (
    "Admin", "Analytics", "Applications", "Compliance", "Controller", "Customer Service", "Cloud", "Cyber Security",
    "Data Engineering", "Devops", "Digital", "Distribution", "Engineering", "Finance", "Fraud", "Hiring", "HR",
    "Infrastructure", "IT", "Inside Sales", "Learning", "Legal", "Marketing", "Network Security", "Operations",
    "Product Management", "Production", "Product Security", "Purchase", "Risk", "Sales", "Security", "Support",
    "Testing", "Training", "Research",
)  # fmt: skip
#: open
FUNDING_TYPES = (
    "Venture Round", "Angel Round", "Convertible Note", "Corporate Round", "Debt Financing", "Funding Round", "Grant",
    "Initial Coin Offering", "Non Equity Assistance", "Private Equity Round", "Product Crowdfunding",
    "Secondary Market", "Pre Seed Round", "Seed Round", "Post", "Post-IPO Debt", "Post-IPO Equity",
    "Post-IPO Secondary", *(f"Series {letter}" for letter in "ABCDEFGHIJ"),
)  # fmt: skip
#: open: LinkedIn's names, of which the vendor is said to take 433; the common ones
INDUSTRIES = (
    "Accounting", "Advertising Services", "Airlines and Aviation", "Apparel Manufacturing",
    "Architecture and Planning", "Automation Machinery Manufacturing", "Aviation and Aerospace Component Manufacturing",
    "Banking", "Beverage Manufacturing", "Biotechnology Research", "Book and Periodical Publishing",
    "Broadcast Media Production and Distribution", "Business Consulting and Services", "Capital Markets",
    "Chemical Manufacturing", "Civic and Social Organizations", "Civil Engineering", "Computer and Network Security",
    "Computer Games", "Computer Hardware Manufacturing", "Computer Networking Products",
    "Computers and Electronics Manufacturing", "Construction", "Consumer Services", "Data Infrastructure and Analytics",
    "Defense and Space Manufacturing", "Design Services", "E-Learning Providers", "Education Administration Programs",
    "Entertainment Providers", "Environmental Services", "Events Services", "Facilities Services", "Farming",
    "Financial Services", "Food and Beverage Manufacturing", "Food and Beverage Services", "Food Production",
    "Freight and Package Transportation", "Furniture and Home Furnishings Manufacturing", "Government Administration",
    "Graphic Design", "Higher Education", "Hospitality", "Hospitals and Health Care", "Human Resources Services",
    "Individual and Family Services", "Industrial Machinery Manufacturing", "Information Services",
    "Insurance", "International Trade and Development", "Internet Publishing", "Investment Banking",
    "Investment Management", "IT Services and IT Consulting", "IT System Custom Software Development", "Law Practice",
    "Legal Services", "Machinery Manufacturing", "Manufacturing", "Market Research", "Marketing Services",
    "Medical Equipment Manufacturing", "Medical Practices", "Mental Health Care", "Mining",
    "Motor Vehicle Manufacturing", "Non-profit Organizations", "Oil and Gas", "Online Audio and Video Media",
    "Outsourcing and Offshoring Consulting", "Packaging and Containers Manufacturing",
    "Personal Care Product Manufacturing", "Pharmaceutical Manufacturing", "Primary and Secondary Education",
    "Printing Services", "Professional Services", "Professional Training and Coaching",
    "Public Relations and Communications Services", "Railroad Equipment Manufacturing", "Real Estate",
    "Renewable Energy Semiconductor Manufacturing", "Research Services", "Restaurants", "Retail",
    "Retail Apparel and Fashion", "Retail Groceries", "Security and Investigations", "Semiconductor Manufacturing",
    "Software Development", "Spectator Sports", "Staffing and Recruiting", "Technology, Information and Internet",
    "Technology, Information and Media", "Telecommunications", "Textile Manufacturing", "Translation and Localization",
    "Transportation, Logistics, Supply Chain and Storage", "Travel Arrangements", "Truck Transportation", "Utilities",
    "Venture Capital and Private Equity Principals", "Veterinary Services", "Warehousing and Storage",
    "Wellness and Fitness Services", "Wholesale", "Wholesale Building Materials", "Writing and Editing",
)  # fmt: skip
